"""What is known of sources: asked of the registry now and then, not for every webhook."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from durian.errors import NotFound, RegistryUnavailable
from durian.registry.source import Source
from durian.registry.store import Store

#: Seconds for which an answer of the registry holds: a source that was added, rotated or removed
#: counts after that.
FRESH_S = 5.0

#: Names of no source that are kept: whoever makes up more of them costs a query each.
MOST_ABSENT = 1000


@dataclass(frozen=True, slots=True)
class KnownSource:
    """A source and the secrets that verify its webhooks."""

    source: Source
    secrets: tuple[str, ...]


class KnownSources:
    """Finds sources by name. Safe to share by threads.

    While the registry is away, what it said last goes on counting.

    Args:
        store: Opens the registry when it is first needed.
        now: Tells the time in seconds, from any beginning.
    """

    def __init__(
        self, store: Callable[[], Store], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._now = now
        self._opening = threading.Lock()
        self._lock = threading.Lock()
        #: What is known, and until when that holds.
        self._known: dict[str, tuple[float, KnownSource]] = {}
        self._absent: OrderedDict[str, float] = OrderedDict()

    def find(self, name: str) -> KnownSource:
        """Find a source. Raises NotFound, or RegistryUnavailable when it was never known."""
        with self._lock:
            until, known = self._known.get(name, (self._absent.get(name, float("-inf")), None))
        if self._now() >= until:
            try:
                known = self._ask(name)
            except RegistryUnavailable:
                if known is None:
                    raise
            self._keep(name, known)
        if known is None:
            raise NotFound(f"No source {name} exists.", resource="source")
        return known

    def _ask(self, name: str) -> KnownSource | None:
        with self._opening:
            store = self._store()
        try:
            return KnownSource(store.get_source(name), tuple(store.source_secrets(name)))
        except NotFound:
            return None

    def _keep(self, name: str, known: KnownSource | None) -> None:
        until = self._now() + FRESH_S
        with self._lock:
            if known is not None:
                self._known[name] = (until, known)
                self._absent.pop(name, None)
                return
            self._known.pop(name, None)
            self._absent[name] = until
            self._absent.move_to_end(name)
            if len(self._absent) > MOST_ABSENT:
                self._absent.popitem(last=False)
