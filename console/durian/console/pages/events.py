"""Events: those that came last, a search, and for each one who got it and why."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from durian.console.api import events as api
from durian.console.api import explain
from durian.console.pages.page import Pages
from durian.console.pages.visit import Visit
from durian.errors import NotFound

pages = Pages()

#: Events of a page.
LIMIT: Final = 40

#: Listeners that are told of at once.
EXPLAINED: Final = 25

#: Why an event does not concern a listener, and how that is said.
_REASONS: Final = {"type": "by its type", "filter": "by their filter", "disabled": "disabled"}

#: Digits of no count of listeners.
_DIGITS: Final = 10


@pages.get("/events", "read")
def show_all(visit: Visit) -> Response:
    """List the events of the archive, the newest first; or go to the one whose id was typed."""
    pattern, search = visit.query("pattern").strip() or "#", visit.query("search").strip()
    found = api.list_events(
        caller=visit.caller,
        pattern=pattern,
        search=search or None,
        limit=LIMIT,
        cursor=visit.query("cursor") or None,
    )
    return visit.page(
        "events.html",
        title="Events",
        section="events",
        events=found.items,
        next=found.next,
        pattern="" if pattern == "#" else pattern,
        search=search,
    )


@pages.get("/events/one", "read")
def show(visit: Visit) -> Response:
    """Show one event with its payload; by its id, which may hold any character."""
    event = api.get_event(visit.caller, visit.query("id"))
    return visit.page("event.html", title=event.type, section="events", event=event)


@pages.get("/events/one/listeners", "read")
def listeners(visit: Visit) -> Response:
    """Tell which listeners it concerns, and what became of it there.

    Asked for by the page itself, part by part: every listener's filter is tried on it.
    """
    visit.caller.refuse_owned("Events")
    everyone = visit.query("everyone") == "1"
    cursor = visit.query("cursor") or None
    try:
        found = explain.explain_event(
            caller=visit.caller,
            event=visit.query("id"),
            everyone=everyone,
            limit=EXPLAINED,
            cursor=cursor,
        )
    except NotFound as error:
        return visit.page("event_listeners.html", found=None, reason=error.message)
    return visit.page(
        "event_listeners.html",
        found=found,
        everyone=everyone,
        begins=cursor is None,
        told=_number(visit, "told") + len(found.listeners),
        others={why: _number(visit, why) + found.others.get(why, 0) for why in _REASONS},
        reasons=_REASONS,
    )


def _number(visit: Visit, name: str) -> int:
    """A count of the parts before, which the page hands on."""
    text = visit.query(name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else 0
