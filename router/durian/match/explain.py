"""Explain: what every condition of a filter looked at in one event, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from durian.events import Event
from durian.match.condition import Attribute, Condition, Either, Every, Field, Matcher, Nowhere
from durian.match.path import join_path
from durian.match.values import MISSING, candidates

#: Characters of a value that are shown to people.
_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One condition's outcome, with those of its parts."""

    #: Where it looked, such as `address.city`, `items[2].sku` or `@source`; empty for all the data.
    path: str
    #: What it asked, such as `startswith "J"` or `all of`.
    condition: str
    #: What it found there, or MISSING.
    value: Any
    #: Whether it held.
    holds: bool
    parts: tuple[Verdict, ...] = ()

    def lines(self, indent: int = 0) -> Iterator[str]:
        """Write the tree for people, a line each."""
        where = f"{self.path} " if self.path else ""
        seen = "" if self.parts else f", found {_show(self.value)}"
        mark = "yes" if self.holds else "no"
        yield f"{'  ' * indent}{mark:<3} {where}{self.condition}{seen}"
        for part in self.parts:
            yield from part.lines(indent + 1)


def explain(condition: Condition, event: Event) -> Verdict:
    """Explain a filter's root condition."""
    return _field(condition, event.data, "", event)


def _field(part: Condition, whole: Any, path: str, event: Event) -> Verdict:
    """Explain what is asked of a field: of an array, by the element that decided."""
    if not isinstance(whole, list) or isinstance(part, Nowhere):
        return _explain(part, whole, whole, path, event)
    offered = list(candidates(whole))
    fits = (at for at, value in enumerate(offered) if part.holds(value, whole, event))
    at = next(fits, None)
    if at is None:
        # No element decides alone: a matcher shows them all, a group its parts on the first.
        at = 0 if isinstance(part, Matcher) or len(offered) == 1 else 1
    here = f"{path}[{at - 1}]" if at else path
    return _explain(part, offered[at], whole, here, event)


def _explain(condition: Condition, value: Any, whole: Any, path: str, event: Event) -> Verdict:
    match condition:
        case Attribute(name, part):
            return _field(part, event.attributes.get(name, MISSING), f"@{name}", event)
        case Field(name, part) if not isinstance(value, list) or not value:
            inner = value.get(name, MISSING) if isinstance(value, dict) else MISSING
            name = join_path([name])
            return _field(part, inner, f"{path}.{name}" if path else name, event)
        case Every(parts):
            verdicts = tuple(_explain(part, value, whole, path, event) for part in parts)
            text = "all of" if parts else "anything"
        case Either(parts):
            verdicts = tuple(_explain(part, value, whole, path, event) for part in parts)
            text = "any of"
        case Nowhere(part):
            verdicts = (_field(part, whole, path.removesuffix(_index(path)), event),)
            text = "not"
        case Matcher():
            verdicts, text = (), f"{condition.word} {_show(condition.argument())}"
        case _:
            verdicts, text = (), "an object"
    holds = condition.holds(value, whole, event)
    return Verdict(path=path, condition=text, value=value, holds=holds, parts=verdicts)


def _index(path: str) -> str:
    """The element's index at the end of a path: `not` speaks of the whole array."""
    return path[path.rindex("[") :] if path.endswith("]") else ""


def _show(value: Any) -> str:
    if value is MISSING:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
