"""What came of going through a queue, for people and for machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from durian.console.listeners import warn
from durian.console.output import say, say_json
from durian.errors import DurianError, NotFound


def show_report(
    report: Mapping[str, Any],
    done: str,
    named: Sequence[str] | None,
    *,
    as_json: bool,
    why: Callable[[str], str] = str,
) -> None:
    """Show a report; `done` says what was done, `why` makes a sentence of a reason to stay.

    Raises DurianError afterwards when it was not done to all of those that were `named` by id.
    """
    warn(report)
    if as_json:
        say_json({done: report["count"], "kept": report["kept"], "missing": report["missing"]})
    else:
        say(f"{report['count']} {done}")
        for reason, count in report["kept"].items():
            say(f"{count} kept: {why(reason)}")
    if report["missing"]:
        raise NotFound(f"not there: {', '.join(report['missing'])}")
    if named and report["kept"]:
        raise DurianError(f"{sum(report['kept'].values())} of those that were named stay")
