"""One event's way through the index: what was met, and who is found to want the event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durian.events import Event
from durian.match.condition import found
from durian.match.index.posting import Filed, Posting

if TYPE_CHECKING:
    from durian.match.index.shapes import Shapes


class Search:
    """What one event has met so far. It lives as long as one call of `match`."""

    __slots__ = ("arrays", "chunks", "event", "hits", "ids", "repeated", "shapes", "through")

    def __init__(self, event: Event) -> None:
        self.event = event
        #: Postings met, not yet looked into.
        self.hits: list[Posting] = []
        #: Shapes of which a field was met.
        self.shapes: list[Shapes] = []
        #: Listeners found.
        self.ids: list[str] = []
        #: Whether one was found that is filed under several keys, and so may be found again.
        self.repeated = False
        #: Large groups of listeners found, which nobody copies.
        self.chunks: list[tuple[str, ...]] = []
        #: Whether an array was met: its elements may meet one posting more than once.
        self.arrays = False
        #: Whether an array was gone through on the way to a member.
        self.through = False

    def settle(self) -> None:
        """Look into what was met: who wants the event?"""
        if self.shapes:
            for shapes in dict.fromkeys(self.shapes) if self.arrays else self.shapes:
                shapes.find(self)
        hits = self.hits
        if self.arrays and len(hits) > 1:
            hits = _each_once(hits)
        ids = self.ids
        for hit in hits:
            if isinstance(hit, str):
                ids.append(hit)
            elif isinstance(hit, tuple):
                for item in hit:
                    if isinstance(item, str):
                        ids.append(item)
                    else:
                        self.check(item)
            elif isinstance(hit, Filed):
                self.check(hit)
            else:
                hit.search(self)

    def check(self, filed: Filed) -> None:
        """Take in a listener if its condition holds."""
        data = self.event.data
        # In an array, what holds of different fields must hold of the same element.
        condition = filed.whole() if type(data) is list else filed.condition
        if filed.exact or found(condition, data, self.event):
            self.ids.append(filed.id)
            self.repeated |= filed.several


def _each_once(hits: list[Posting]) -> list[Posting]:
    """Leave out what several elements of an array have met."""
    once: dict[int, Posting] = {}
    for hit in hits:
        for each in hit if type(hit) is tuple else (hit,):
            once[id(each)] = each
    return list(once.values())
