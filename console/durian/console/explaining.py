"""Explanations, as the command line asks for them and shows them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from durian.console import deliveries
from durian.console.moments import read_moment
from durian.console.output import facts, say, table
from durian.registry.attempt import Attempt

#: Why an event does not concern a listener.
_REASONS = {"type": "by the event's type", "filter": "by their filter", "disabled": "disabled"}


def asked(
    event: str, listener: str | None, *, since: str | None, everyone: bool
) -> Mapping[str, object]:
    """What was asked on the command line, as the operation takes it. Raises InvalidInput."""
    since_ms = None if since is None else read_moment("--since", since, time.time())
    return {"event": event, "listener": listener, "since_ms": since_ms, "everyone": everyone}


def show_one(found: Mapping[str, Any]) -> None:
    """Show all there is to say of one listener."""
    [one] = found["listeners"]
    facts([*_about_event(found["event"]), *_about(one)])
    say()
    for line in one["because"]:
        say(line)
    if len(one["conditions"]) > 1 or one["by_filter"] is False:
        say()
        say("Its filter:")
        for line in one["conditions"]:
            say(f"  {line}")
    if one["attempts"]:
        attempts = [Attempt(**attempt) for attempt in one["attempts"]]
        rows = (deliveries.row(attempt, public=False) for attempt in attempts)
        table(deliveries.COLUMNS, (row[: len(deliveries.COLUMNS)] for row in rows))
    say()
    say(f"Next: {one['next']}")


def show_all(found: Mapping[str, Any]) -> None:
    """Show the listeners that an event concerns, a line each, and count the others."""
    facts(_about_event(found["event"]))
    say()
    if found["listeners"]:
        if all(one["place"] == "unwanted" for one in found["listeners"]):
            say("No listener wants it.")
        columns = ("listener", "where", "attempts", "why")
        table(columns, (_row(one) for one in found["listeners"]))
    elif "because" in found["event"]:
        for line in (*found["event"]["because"], f"Next: {found['event']['next']}"):
            say(line)
    else:
        say("No listener wants it, and none was tried.")
    if found["others"]:
        counts = (f"{count} {_REASONS[one]}" for one, count in sorted(found["others"].items()))
        say(f"Left out: {', '.join(counts)}.")
    if found["listeners"]:
        say(f"durian explain {found['event']['id']} LISTENER tells more of one.")


def _about_event(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "event", event["id"]
    yield "type", event["type"]
    yield "source", event["source"]
    if event["found"] == "archive" or "attributes" in event:
        yield "time", event.get("time") or "not told by whoever published it"
    elif event["found"] == "attempts":
        yield "time", "no longer in the archive: what its filter says of it cannot be told"


def _about(one: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "listener", one["listener"]
    if one["pattern"] is not None:
        yield "wants", one["pattern"] if one["enabled"] else f"{one['pattern']} (disabled)"
    yield "webhook-id", one["webhook_id"]
    if one["attempts"] and (batch := one["attempts"][-1].get("batch_id")):
        yield "batch", batch
    yield "where", one["place"]


def _row(one: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return one["listener"], one["place"], str(len(one["attempts"])), " ".join(one["because"])
