"""What came of going through a queue, for people and for machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from durian.console.output import say, say_json


def show_report(
    report: Mapping[str, Any],
    done: str,
    *,
    as_json: bool,
    why: Callable[[str], str] = str,
) -> None:
    """Show a report; `done` says what was done, `why` makes a sentence of a reason to stay."""
    if as_json:
        say_json({done: report["count"], "kept": report["kept"], "missing": report["missing"]})
        return
    say(f"{report['count']} {done}")
    for reason, count in report["kept"].items():
        say(f"{count} kept: {why(reason)}")
    if report["missing"]:
        say(f"not there: {', '.join(report['missing'])}")
