"""The page of one listener: how it fares, and its attempts as they are made."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from durian.console.api import listeners as api
from durian.console.api.listener_models import Listener
from durian.console.backlog import Depth
from durian.console.listeners import short_of
from durian.console.pages.fare import WINDOWS, fare_of
from durian.console.pages.page import Pages
from durian.console.pages.visit import Visit
from durian.errors import BrokerError
from durian.match import Filter
from durian.registry.attempt import Attempt

pages = Pages()

#: What a page says of what was just done.
DONE: Final = {
    "paused": "It is paused: what comes for it rests in its queue.",
    "resumed": "It is resumed.",
    "enabled": "It is enabled: it gets every event that it wants from now on.",
    "disabled": "It is disabled: no event is sent to it.",
    "test": "A test event is on its way: it appears below within a second or two.",
    "saved": "Saved.",
}

#: Attempts of a page.
LIMIT: Final = 25


@pages.get("/listeners/{listener_id}", "read")
def show(visit: Visit) -> Response:
    """Show a listener with its attempts, the newest first."""
    listener = get(visit)
    cursor = visit.query("cursor") or None
    page = visit.store.list_attempts(listener=listener.id, after=cursor, limit=LIMIT)
    return visit.page(
        "listener.html",
        **about(visit, listener, "activity"),
        fare=fare_of(visit, listener.id),
        windows=WINDOWS,
        attempts=[seen(visit, attempt) for attempt in page.attempts],
        next=page.next,
    )


def get(visit: Visit) -> Listener:
    """The listener that the path names. Raises NotFound."""
    entry = visit.store.listener_entry(visit.path["listener_id"])
    [listener] = api.described(visit.caller, [entry])
    return listener


def about(visit: Visit, listener: Listener, tab: str) -> dict[str, Any]:
    """What every page of a listener shows."""
    return {
        "title": listener.id,
        "section": "listeners",
        "tab": tab,
        "listener": listener,
        "wants": short_of(Filter.parse(listener.filter)),
        "depth": depth_of(visit, listener.id),
        "done": DONE.get(visit.query("done"), ""),
    }


def depth_of(visit: Visit, listener_id: str) -> Depth | None:
    """What waits for it; None while the broker does not tell."""
    try:
        return visit.caller.services.backlog.depths_of([listener_id])[listener_id]
    except BrokerError:
        return None


def seen(visit: Visit, attempt: Attempt) -> Attempt:
    """An attempt as whoever asks may see it: an owner hears nothing of the operator's network."""
    return attempt if visit.owner is None else attempt.for_owner()
