"""Index: which of all listeners want an event."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from durian.events import Event
from durian.match.event_pattern import check_event_pattern, fits
from durian.match.filter import Filter


class Index:
    """All listeners' event patterns and filters, asked with one event at a time.

    Any thread may call any method: writers wait for one another, readers for no one.
    """

    def __init__(self) -> None:
        self._filters: dict[str, dict[str, Filter]] = {}
        self._patterns: dict[str, str] = {}
        self._writing = threading.Lock()

    def __len__(self) -> int:
        return len(self._patterns)

    def add(self, listener_id: str, event_pattern: str, filter: Filter) -> None:  # noqa: A002 (the design's word)
        """File a listener, in place of what was filed under its id. Raises InvalidListener."""
        check_event_pattern(event_pattern)
        with self._writing:
            old = self._patterns.get(listener_id)
            listeners = self._filters.get(event_pattern, {})
            # A reader may be iterating over the old dict: replace it, never change it.
            self._filters[event_pattern] = listeners | {listener_id: filter}
            self._patterns[listener_id] = event_pattern
            if old is not None and old != event_pattern:
                self._drop(old, listener_id)

    def remove(self, listener_id: str) -> None:
        """Forget a listener. Harmless when there is none of that id."""
        with self._writing:
            pattern = self._patterns.pop(listener_id, None)
            if pattern is not None:
                self._drop(pattern, listener_id)

    def match(self, event: Event) -> Sequence[str]:
        """Give the ids of the listeners that want the event, each once, in no particular order."""
        ids: dict[str, None] = {}
        for pattern, listeners in list(self._filters.items()):
            if fits(pattern, event.type):
                ids |= {each: None for each, wanted in listeners.items() if wanted.matches(event)}
        return list(ids)

    def _drop(self, pattern: str, listener_id: str) -> None:
        listeners = dict(self._filters[pattern])
        del listeners[listener_id]
        if listeners:
            self._filters[pattern] = listeners
        else:
            del self._filters[pattern]
