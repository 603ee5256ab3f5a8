"""What came of going through a queue, as operations tell it."""

from __future__ import annotations

from durian.consumers.side_queue import Report


def described(report: Report) -> dict[str, object]:
    """A report as one JSON object."""
    return {
        "count": report.count,
        "kept": dict(report.kept),
        "missing": list(report.missing),
    }
