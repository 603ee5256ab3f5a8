"""The list of listeners: how each fares, those that fail first."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from durian.console.api import listeners as api
from durian.console.api.listener_models import Listener
from durian.console.backlog import Depth
from durian.console.listeners import short_of
from durian.console.pages.page import Pages
from durian.console.pages.plots import Grid, Plot, columns
from durian.console.pages.visit import Visit
from durian.match import Filter
from durian.registry.counts import Counts, Span

pages = Pages()

#: Listeners of a page.
LIMIT: Final = 50

#: Seconds that the small pictures tell of, and those that one of their columns does.
WINDOW_S: Final = 3600
_STEP_S: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A listener in the list."""

    listener: Listener
    #: Its filter in the short form; empty when it wants every event.
    wants: str
    counts: Counts
    #: Deliveries in its queue, as they were counted a moment ago; None: not yet.
    waiting: int | None
    spark: Plot


@pages.get("/listeners", "read")
def show(visit: Visit) -> Response:
    """Show a page of the list."""
    enabled = {"disabled": False, "enabled": True}.get(visit.query("state"))
    found = api.list_listeners(
        caller=visit.caller,
        event=visit.query("event") or None,
        enabled=enabled,
        search=visit.query("search") or None,
        limit=LIMIT,
        cursor=visit.query("cursor") or None,
    )
    return visit.page(
        "listeners.html",
        title="Listeners",
        section="listeners",
        rows=rows_of(visit, found.items),
        next=found.next,
        is_filtered=any(map(visit.query, ("search", "event", "state", "cursor"))),
    )


def rows_of(visit: Visit, listeners: Sequence[Listener]) -> list[Row]:
    """Tell how listeners fare."""
    until = (int(time.time()) // 60 + 1) * 60
    grid = Grid(since=until - WINDOW_S, step_s=_STEP_S, count=WINDOW_S // _STEP_S)
    ids = [listener.id for listener in listeners]
    backlog = visit.caller.services.backlog.look()
    depths = backlog.listeners if backlog.listeners_at else None
    spans = visit.store.counts_of_listeners(ids, since=grid.since, until=until)
    return [
        Row(
            listener=listener,
            wants=short_of(Filter.parse(listener.filter)),
            counts=sum((span.counts for span in spans.get(listener.id, ())), Counts()),
            waiting=None if depths is None else depths.get(listener.id, Depth()).ready,
            spark=spark(grid, spans.get(listener.id, ())),
        )
        for listener in listeners
    ]


def spark(grid: Grid, spans: Sequence[Span]) -> Plot:
    """Draw what was delivered, and on top of it what failed."""
    found: dict[float, tuple[float, float]] = {}
    for span in spans:
        start = span.start - (span.start - grid.since) % grid.step_s
        delivered, failed = found.get(start, (0.0, 0.0))
        counts = span.counts
        found[start] = (
            delivered + counts.delivered,
            failed + counts.attempts - counts.delivered,
        )
    return columns(grid, list(found.items()), 2)
