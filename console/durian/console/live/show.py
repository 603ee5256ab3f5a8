"""A look, on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from durian.console.live.look import Look, Row
from durian.console.output import one_line

_COLUMNS = ("listener", "state", "waiting", "dead", "attempts/s", "success", "p95 ms")

#: Which of them a terminal shows that has fewer characters in a line: names have to be readable.
_NARROWER = {
    60: ("listener", "state", "waiting"),
    110: ("listener", "state", "waiting", "dead", "success"),
}

#: From here on a number is shown without its fraction.
_LARGE = 100

#: Share of attempts that succeed below which a listener is shown in red.
_POOR = 0.5


def shown(look: Look, now: datetime, width: int) -> RenderableType:
    """The whole in a few lines, and a table of listeners, in lines of so many characters."""
    grid = Table.grid(padding=(0, 2))
    for name, value in summary(look.overview):
        grid.add_row(Text(name, style="bold"), Text(value))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    columns = next((some for below, some in _NARROWER.items() if width < below), _COLUMNS)
    for column in columns:
        table.add_column(
            column, justify="left" if column in _COLUMNS[:2] else "right", no_wrap=True
        )
    for row in look.rows:
        cells = _cells(row, short=columns is not _COLUMNS)
        table.add_row(*(cells[column] for column in columns), style=_style(row))
    return Group(Text(f"durian  {now:%H:%M:%S}", style="bold"), grid, table)


def summary(overview: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """How everything fares, a name and a value a line."""
    latency, backlog = overview["latency_ms"], overview["backlog"]
    yield "events/s", _number(overview["events_per_s"])
    yield "deliveries/s", _number(overview["deliveries_per_s"])
    yield "success", f"{percent(overview['success_rate'])} of {overview['attempts']} attempts"
    yield "latency", " ".join(f"{name} {_number(value)} ms" for name, value in latency.items())
    yield "listeners", f"{overview['listeners']}, {overview['failing']} failing"
    if backlog is not None:
        yield "waiting", _waiting(backlog)
        # An older server tells of none.
        if missing := [f"`durian {process}`" for process in backlog.get("missing", ())]:
            yield "not at work", ", ".join(missing)
        aside = {name: backlog[name] for name in ("orphans", "invalid", "unrouted")}
        if any(aside.values()):
            yield "set aside", "  ".join(f"{name} {count}" for name, count in aside.items())


def _waiting(backlog: Mapping[str, Any]) -> str:
    if not backlog["at"]:
        return "not counted; `durian doctor` says whether the broker answers"
    # Queues of listeners are counted after the others: while they are not, 0 would be a lie.
    unknown = () if backlog["listeners_at"] else ("ready", "delayed", "dead")
    names = ("route", "ready", "delayed", "dead", "attempts")
    return "  ".join(f"{name} {'-' if name in unknown else backlog[name]}" for name in names)


def percent(share: float | None) -> str:
    """A share, for people; a dash when there is none."""
    # Never 100 % while something failed.
    return "-" if share is None else f"{int(share * 1000) / 10:.1f} %"


def _cells(row: Row, *, short: bool) -> dict[str, str]:
    since = row.failing_since
    is_told = row.state == "failing" and since and not short
    state = f"failing since {(since or '')[:16].replace('T', ' ')}" if is_told else row.state
    cells = (
        one_line(row.id),
        one_line(state),
        str(row.ready),
        str(row.dead),
        _number(row.attempts_per_s),
        percent(row.success_rate),
        _number(row.p95_ms),
    )
    return dict(zip(_COLUMNS, cells, strict=True))


def _style(row: Row) -> str:
    if row.failing_since is not None or (row.success_rate or 1.0) < _POOR:
        return "red"
    return "yellow" if row.dead else ""


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= _LARGE or value == int(value) else f"{value:.2f}"
