"""What the page and its plots have to hold, by the results as they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.page.plots import bars, lines
from benchmarks.page.sections import SECTIONS, Section
from benchmarks.support import RESULTS, readable

#: The page, and the line below which everything is made of the results.
_DOCS = RESULTS.parents[1] / "docs"
PAGE = _DOCS / "performance.md"
MARK = "<!-- From here on made by `python -m benchmarks.page`; change the benchmarks, not this. -->"
PLOTS = _DOCS / "images" / "performance"

Row = dict[str, Any]


def files() -> dict[Path, str]:
    """The page and the plots, each as its file has to be."""
    results = {path.stem: read(path.stem) for path in sorted(RESULTS.glob("*.json"))}
    if unknown := results.keys() - SECTIONS.keys():
        raise KeyError(f"no section says what {', '.join(unknown)} is about")
    head = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    parts = [_section(SECTIONS[name], results[name]) for name in SECTIONS if name in results]
    plots = {PLOTS / f"{name}.svg": text for name, text in _plots().items()}
    return {PAGE: head + MARK + "\n\n" + "\n".join(parts), **plots}


def read(name: str) -> list[Row]:
    """The rows of one file of results."""
    rows: list[Row] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return rows


def _section(section: Section, rows: Sequence[Row]) -> str:
    versions = rows[0]["versions"]
    told = ", ".join(f"{package} {version}" for package, version in versions.items())
    table = _by_size(rows) if section.by_size else _plain(rows)
    return "\n".join(
        [
            f"## {section.title}",
            "",
            section.about,
            "",
            f"`{section.command}`{_duration(rows[0])}",
            "",
            *table,
            "",
            f"{rows[0]['machine']}; {told}.",
            "",
        ]
    )


def _duration(row: Row) -> str:
    """How long it took; figures of before that was kept do not tell."""
    return f" ({max(1, round(row['took_s'] / 60))} min)." if "took_s" in row else "."


def _plain(rows: Sequence[Row]) -> list[str]:
    lines = [f"| {row['figure']} | {_value(row)} | {row['unit']} |" for row in rows]
    return ["| | | |", "|---|---:|---|", *lines]


def _by_size(rows: Sequence[Row]) -> list[str]:
    """One line for each measure of each mix, one column for each number of listeners."""
    table: dict[tuple[str, str, str], dict[str, str]] = {}
    others: list[Row] = []
    for row in rows:
        before, _, measure = row["figure"].partition(": ")
        mix, _, size = before.rpartition(", ")
        if mix and size.replace(",", "").isdecimal():
            table.setdefault((mix, measure, row["unit"]), {})[size] = _value(row)
        else:
            others.append(row)
    sizes = list(dict.fromkeys(size for values in table.values() for size in values))
    lines = [
        f"| {mix}: {measure} | "
        + " | ".join(values.get(size, "") for size in sizes)
        + f" | {unit} |"
        for (mix, measure, unit), values in table.items()
    ]
    head = f"| listeners | {' | '.join(sizes)} | |"
    return [head, "|---" + "|---:" * len(sizes) + "|---|", *lines, "", *_plain(others)]


def _value(row: Row) -> str:
    return readable(row["value"])


def _plots() -> dict[str, str]:
    """Every plot by its name."""
    senders = {row["figure"]: row["value"] for row in read("senders")}
    kinds = {"Celery + requests": "celery", "Durian, requests": "requests", "Durian, curl": "curl"}
    ways = {label: f"{kind}: deliveries, fan-out 10" for label, kind in kinds.items()}
    found = {row["figure"]: row["value"] for row in read("match")}
    sizes = (10_000, 100_000, 1_000_000)
    series = {
        label: [(size, found[f"equality, {size:,}: {measure}"]) for size in sizes]
        for label, measure in (
            ("one filter after the other", "linear scan"),
            ("the index", "median"),
        )
    }
    return {
        "deliveries": bars(
            "Deliveries a second, one process, fan-out 10",
            {label: senders[figure] for label, figure in ways.items()},
        ),
        "cpu": bars(
            "Milliseconds of CPU for a delivery",
            {label: senders[f"{figure}: CPU each"] for label, figure in ways.items()},
        ),
        "match": lines("Microseconds to find an event's listeners, by their number", series),
    }
