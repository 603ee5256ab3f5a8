"""Explain: what every condition of a filter looked at in one event, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from durian.events import Event
from durian.match.condition import (
    Attribute,
    Condition,
    Either,
    Every,
    Field,
    Matcher,
    Nowhere,
    found,
)
from durian.match.path import join_path
from durian.match.values import MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One condition's outcome, with those of its parts."""

    #: Where it looked, as a dotted path; empty for the whole of the data.
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
    return _explain(condition, event.data, (), event)


def _explain(condition: Condition, whole: Any, path: tuple[str, ...], event: Event) -> Verdict:
    match condition:
        case Attribute(name, part):
            return _explain(part, event.attributes.get(name, MISSING), (f"@{name}",), event)
        case Field(name, part) if not isinstance(whole, list):
            inner = whole.get(name, MISSING) if isinstance(whole, dict) else MISSING
            return _explain(part, inner, (*path, name), event)
        case Every(parts) | Either(parts):
            text = "all of" if isinstance(condition, Every) else "any of"
        case Nowhere(part):
            parts, text = (part,), "not"
        case Matcher():
            parts, text = (), f"{condition.word} {_show(condition.argument())}"
        case _:
            parts, text = (condition,), "an element has"
    if isinstance(condition, Field):
        # Which element it was matters less than whether there is one.
        inner_path = (*path, condition.name)
        verdicts: tuple[Verdict, ...] = ()
        return Verdict(
            path=join_path(inner_path),
            condition=_describe(condition.part),
            value=whole,
            holds=found(condition, whole, event),
            parts=verdicts,
        )
    return Verdict(
        path=_path(path),
        condition=text,
        value=whole,
        holds=found(condition, whole, event),
        parts=tuple(_explain(part, whole, path, event) for part in parts),
    )


def _path(path: tuple[str, ...]) -> str:
    if path and path[0].startswith("@"):
        return path[0]
    return join_path(path)


def _describe(condition: Condition) -> str:
    if isinstance(condition, Matcher):
        return f"{condition.word} {_show(condition.argument())}"
    return type(condition).__name__


def _show(value: Any) -> str:
    return "nothing" if value is MISSING else json.dumps(value, ensure_ascii=False)
