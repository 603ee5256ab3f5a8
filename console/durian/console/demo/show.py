"""Telling people what the demonstration does."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path

from durian.console.demo.scene import PARTS, Part
from durian.console.endpoint.show import show as arrival
from durian.console.listeners import short_of
from durian.console.output import say, styled
from durian.events import Event
from durian.match import Verdict
from durian.match.event_pattern import fits

__all__ = ["arrival", "event", "listeners", "reason", "taking", "total"]


def total(emitted: int, deliveries: int, received: int) -> None:
    """Print what came of it."""
    say()
    say(f"{emitted} events emitted, {deliveries} deliveries, {received} received")


def taking(url: str, key_file: Path | None) -> None:
    """Print where events are taken from now on, where the pages are, and what logs in there."""
    say()
    login = f"; log in with what `cat {key_file}` prints" if key_file else ""
    say(f"Web pages at {url}/console{login}.")
    say(f"Taking events at {url}/v1/events until Ctrl-C. In another shell:")
    say(f"""  durian emit --server {url} person '{{"name": "Jill"}}'""")


def listeners() -> None:
    """Print who listens."""
    say(styled("Listeners", "bold"))
    for part in PARTS:
        say(f"  {part.id:<14} {part.event:<8} {short_of(part.filter):<18} {part.wants}")


def event(number: int, one: Event, matched: Collection[str]) -> None:
    """Print an event, which listeners it matched, and why the others did not."""
    say()
    say(
        styled(f"Event {number}", "bold"),
        f"  {one.type}  {json.dumps(one.data)}  ",
        styled(f"id {one.id}", "dim"),
    )
    for part in PARTS:
        if part.id in matched:
            say("  ", styled("matched    ", "green"), f"  {part.id:<14} wants {part.wants}")
        else:
            say("  ", styled("not matched", "yellow"), f"  {part.id:<14} {reason(part, one)}")


def reason(part: Part, one: Event) -> str:
    """Say why an event did not match a listener, in the words of its filter."""
    if not fits(part.event, one.type):
        return f"wants events of type {part.event}"
    return "; ".join(_failed(part.filter.explain(one)))


def _failed(verdict: Verdict) -> Iterator[str]:
    """The conditions that did not hold, without those that merely join them."""
    if verdict.holds:
        return
    if verdict.parts:
        for part in verdict.parts:
            yield from _failed(part)
    else:
        yield next(verdict.lines()).removeprefix("no").strip()
