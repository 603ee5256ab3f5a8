"""Whether a listener wants an event: its event pattern, then its filter, and what did not hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from durian.errors import InvalidFilter
from durian.events import Event
from durian.match import Filter, Verdict
from durian.match.event_pattern import OPERATIONAL, fits, wants_operational
from durian.registry import Listener


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanting:
    """What came of it."""

    #: Whether the event's type is meant by the pattern.
    by_type: bool
    #: Whether its filter holds; None when that was not asked, or cannot be told.
    by_filter: bool | None = None
    #: The whole filter, line by line, and what it found.
    conditions: Sequence[str] = ()
    #: The conditions that did not hold, each with what it found.
    failed: Sequence[str] = ()

    @property
    def holds(self) -> bool | None:
        """Whether it wants the event; None when only the type is known, and fits."""
        return self.by_filter if self.by_type else False


def wanting(listener: Listener, event_type: str, event: Event | None) -> Wanting:
    """Ask a listener of an event, as the router would; of its type alone when that is all."""
    if not means(listener.event, event_type):
        return Wanting(by_type=False)
    if event is None:
        return Wanting(by_type=True)
    try:
        verdict = Filter.parse(listener.filter).explain(event)
    except InvalidFilter as error:
        # The router passes over a listener that it cannot read.
        said = f"its filter cannot be read: {error}"
        return Wanting(by_type=True, by_filter=False, failed=(said,))
    return Wanting(
        by_type=True,
        by_filter=verdict.holds,
        conditions=tuple(verdict.lines()),
        failed=() if verdict.holds else tuple(decisive(verdict)),
    )


def means(pattern: str, event_type: str) -> bool:
    """Tell whether a pattern means a type; Durian's own only if it begins with their word."""
    own = event_type.partition(".")[0] == OPERATIONAL
    return fits(pattern, event_type) and (wants_operational(pattern) or not own)


def decisive(verdict: Verdict) -> Iterator[str]:
    """The smallest parts of a filter that decided against an event, each in a line."""
    if verdict.condition == "not":
        inner = next(verdict.parts[0].lines()).partition(" ")[2].strip()
        yield f"{verdict.path} must not be so: {inner}".strip()
    elif verdict.parts:
        for part in verdict.parts:
            if not part.holds:
                yield from decisive(part)
    else:
        yield next(verdict.lines()).partition(" ")[2].strip()
