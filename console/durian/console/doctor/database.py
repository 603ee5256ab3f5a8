"""What the doctor looks at in the registry: reachable, up to date, and its secrets readable."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from durian.console.doctor.finding import Finding, ok
from durian.console.logs import hide_secrets
from durian.console.settings import Settings
from durian.console.wiring import open_store

if TYPE_CHECKING:
    from durian.registry.store import Store


def registry(settings: Settings) -> Iterator[Finding]:
    """Whether the registry answers, and holds what this version of Durian needs."""
    where = hide_secrets(settings.registry_url)
    with open_store(settings) as store:
        count = store.count_listeners()
        yield ok("registry", f"{where} answers; version {store.version()}, listeners: {count}")
        yield from _secrets(store)


def _secrets(store: Store) -> Iterator[Finding]:
    """Whether the keys at hand open the registry's secrets."""
    first = store.list_listeners(limit=1)
    if first:
        store.secrets_of(first[0].id, time.time())
        yield ok("secrets", "can be opened with the keys at hand")
    else:
        yield ok("secrets", "there are none yet")
