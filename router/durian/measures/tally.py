"""A tally: how often something happened, by labels, of which there are never too many."""

from __future__ import annotations

from typing import Final

#: Stands for all labels for which there was no room.
OTHER: Final = "(other)"


class Tally:
    """Counts by a tuple of labels.

    What is counted may be named by strangers (an event's type): so only the first `most` tuples
    are kept apart, and all others are counted together, as OTHER.
    """

    __slots__ = ("_counts", "_most")

    def __init__(self, most: int) -> None:
        self._counts: dict[tuple[str, ...], int] = {}
        self._most = most

    def add(self, *labels: str) -> None:
        """Count one."""
        counts = self._counts
        if labels not in counts and len(counts) >= self._most:
            labels = (OTHER,) * len(labels)
        counts[labels] = counts.get(labels, 0) + 1

    def read(self) -> dict[tuple[str, ...], int]:
        """Return all counts so far, by labels."""
        return self._counts.copy()
