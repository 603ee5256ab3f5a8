"""Messages that were set aside, as the command line shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from durian.console.moments import moment
from durian.console.output import facts, say, say_json, table

#: Of a table of messages.
COLUMNS = ("message", "set aside", "key", "bytes", "why")

#: What lies in each place, when it is one and when it is many.
_PLACES = {
    "orphans": ("is 1 orphan", "are {} orphans"),
    "invalid": ("is 1 invalid message", "are {} invalid messages"),
    "unrouted": ("is 1 unrouted message", "are {} unrouted messages"),
}


def show_all(found: Sequence[Mapping[str, Any]], total: int, *, as_json: bool) -> None:
    """Show messages, a line each."""
    if as_json:
        for one in found:
            say_json(one)
        return
    table(COLUMNS, map(_row, found))
    if len(found) < total:
        say(f"Only the {len(found)} oldest of {total} are shown.")


def show_one(found: Mapping[str, Any], *, as_json: bool) -> None:
    """Show a message with all that is known of it."""
    if as_json:
        say_json(found)
        return
    facts(_pairs(found))
    say()
    say(found["body"])


def elsewhere(counts: Mapping[str, int]) -> None:
    """Tell of what lies in other places, if there is anything."""
    for name, count in counts.items():
        if count:
            one, many = _PLACES[name]
            there = one if count == 1 else many.format(count)
            say(f"There {there} as well: `durian {name} list` shows more.")


def _row(one: Mapping[str, Any]) -> Sequence[str]:
    at = moment(one["at_ms"])
    return one["id"], at, one["routing_key"], str(one["bytes"]), one["reason"]


def _pairs(one: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "message", one["id"]
    yield "why", one["reason"]
    yield "set aside", moment(one["at_ms"])
    yield "now", one["unreadable_now"] or "it can be read: replay publishes it again"
    yield "exchange", one["exchange"]
    yield "key", one["routing_key"]
    for name in ("content_type", "content_encoding", "message_id", "type", "app_id"):
        if one[name] is not None:
            yield name.replace("_", "-"), one[name]
    for name, value in one["headers"].items():
        yield f"header {name}", value
    if one["headers_dropped"]:
        yield "headers lost", str(one["headers_dropped"])
    yield "bytes", str(one["bytes"])
