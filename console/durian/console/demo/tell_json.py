"""Telling machines what the demonstration does: one JSON object a line."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from durian.console.demo.scene import PARTS
from durian.console.endpoint import Arrival
from durian.console.output import say_json
from durian.events import Event


def listeners() -> None:
    """Print who listens."""
    for part in PARTS:
        say_json({"listener": part.id, "event": part.event, "filter": part.filter.to_json()})


def event(_number: int, one: Event, matched: Collection[str]) -> None:
    """Print an event, and which listeners it matched."""
    say_json({"id": one.id, "type": one.type, "data": one.data, "matched": sorted(matched)})


def arrival(one: Arrival, indent: str = "") -> None:
    """Print what arrived."""
    del indent  # for people
    say_json(one.to_json())


def total(emitted: int, deliveries: int, received: int) -> None:
    """Print what came of it."""
    say_json({"emitted": emitted, "deliveries": deliveries, "received": received})


def taking(url: str, key_file: Path | None) -> None:
    """Print where events are taken from now on, where the pages are, and what logs in there."""
    key = {} if key_file is None else {"key_file": str(key_file)}
    say_json({"url": url, "pages": f"{url}/console", **key})
