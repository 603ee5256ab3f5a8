"""What the doctor looks at in the registry: reachable, up to date, and its secrets readable."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from durian.console.doctor.finding import Finding, ok, warn
from durian.console.logs import hide_secrets
from durian.console.settings import Settings
from durian.console.wiring import open_store

if TYPE_CHECKING:
    from durian.registry.store import Store

#: Seconds that two clocks may differ. Receivers refuse signatures that are five minutes off.
CLOCK_TOLERANCE_S = 10.0


def registry(settings: Settings) -> Iterator[Finding]:
    """Whether the registry answers, and holds what this version of Durian needs."""
    where = hide_secrets(settings.registry_url)
    with open_store(settings) as store:
        count = store.count_listeners()
        yield ok("registry", f"{where} answers; version {store.version()}, listeners: {count}")
        yield _clock(store)
        yield from _secrets(store)


def _clock(store: Store) -> Finding:
    """Whether this machine and the database's agree on the time."""
    offset_s = abs(store.clock() - time.time())
    if offset_s <= CLOCK_TOLERANCE_S:
        return ok("clock", "agrees with the registry's")
    found = f"differs from the registry's by {offset_s:.0f} s"
    return warn("clock", found, "Synchronise both (NTP): receivers refuse old signatures.")


def _secrets(store: Store) -> Iterator[Finding]:
    """Whether the keys at hand open the registry's secrets."""
    first = store.list_listeners(limit=1)
    if first:
        store.secrets_of(first[0].id, time.time())
        yield ok("secrets", "can be opened with the keys at hand")
    else:
        yield ok("secrets", "there are none yet")
