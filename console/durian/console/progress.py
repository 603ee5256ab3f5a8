"""Telling now and then what a process has done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import structlog

_log = structlog.get_logger("durian.console")

#: Seconds between two lines; without progress there is none.
REPORT_S = 10.0

#: Tells what was counted since the process started.
Count = Callable[[], Mapping[str, int]]


def counts_of(*parts: Any) -> Count:
    """Join the `counts` of routers and delivery consumers into one count."""

    def count() -> Mapping[str, int]:
        joined: dict[str, int] = {}
        for part in parts:
            joined |= asdict(part.counts)
        return joined

    return count


def report_until(stop: threading.Event, count: Count) -> None:
    """Wait for the end, and log what was counted whenever that has changed."""
    last = count()
    while not stop.wait(REPORT_S):
        now = count()
        if now != last:
            _log.info("process.progress", **now)
        last = now
