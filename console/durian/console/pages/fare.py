"""How attempts fared over a length of time that is chosen: numbers, and plots of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from durian.console.pages.plots import Grid, Plot, columns, lines
from durian.console.pages.visit import Visit
from durian.registry.counts import Counts

#: Lengths of time that can be chosen, with that of one column; in seconds.
WINDOWS: Final = {"1h": (3600, 60), "24h": (86_400, 1800), "7d": (7 * 86_400, 4 * 3600)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fare:
    """How attempts fared."""

    #: The length of time, by its name in WINDOWS.
    window: str
    counts: Counts
    #: Delivered, to be tried again, given up.
    results: Plot
    #: Half take less, and nearly all.
    latencies: Plot


def fare_of(visit: Visit, listener_id: str | None = None) -> Fare:
    """Tell how the attempts at a listener fared, or at all that are seen."""
    window = visit.query("window") if visit.query("window") in WINDOWS else "1h"
    seconds, step_s = WINDOWS[window]
    until = (int(time.time()) // step_s + 1) * step_s
    grid = Grid(since=until - seconds, step_s=step_s, count=seconds // step_s)
    spans = visit.store.attempt_series(listener_id, since=grid.since, until=until, step_s=step_s)
    latencies = [
        (span.start, (span.counts.quantile_ms(0.5), span.counts.quantile_ms(0.95)))
        for span in spans
    ]
    return Fare(
        window=window,
        counts=sum((span.counts for span in spans), Counts()),
        results=columns(grid, [(span.start, _results(span.counts)) for span in spans], 3),
        latencies=lines(grid, latencies, 2),
    )


def _results(counts: Counts) -> tuple[float, float, float]:
    """Delivered, to be tried again, given up."""
    delivered, retry, dead, disabled = counts.results
    return delivered, retry, dead + disabled
