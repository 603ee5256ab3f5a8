"""The overview: is everything flowing, who is failing, what is waiting."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from durian.console.api import stats
from durian.console.at_work import MEANING
from durian.console.pages.fare import WINDOWS, fare_of
from durian.console.pages.listener import seen
from durian.console.pages.page import Pages
from durian.console.pages.visit import Visit

pages = Pages()

#: Seconds of which rates are told: long enough to be steady, short enough to be of now.
NOW_S: Final = 300

#: Attempts that are shown.
LIMIT: Final = 12


@pages.get("/", "read")
def show(visit: Visit) -> Response:
    """Show it; those who are bound to an owner have their listeners instead."""
    if visit.owner is not None:
        return visit.go("listeners")
    attempts = visit.store.list_attempts(limit=LIMIT).attempts
    return visit.page(
        "overview.html",
        title="Overview",
        section="",
        now=stats.get_stats(visit.caller, NOW_S),
        meaning=MEANING,
        fare=fare_of(visit),
        windows=WINDOWS,
        attempts=[seen(visit, attempt) for attempt in attempts],
    )
