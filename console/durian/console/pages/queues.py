"""Queues: how much waits in which, what was set aside, and the way to RabbitMQ's own pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from starlette.responses import Response

from durian.console.api import asides as api
from durian.console.api import stats
from durian.console.pages.management import Management
from durian.console.pages.page import Pages
from durian.console.pages.visit import Visit
from durian.consumers.set_aside import PLACES, Place
from durian.errors import NotFound

pages = Pages()

#: Messages that are shown: the oldest ones.
LIMIT: Final = 50

#: The place of deliveries that found no queue; the others are those of messages set aside.
ORPHANS: Final = "orphans"


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue, and what it is for."""

    name: str
    what: str
    depth: int
    #: What its messages can be looked at as.
    place: str = ""


@pages.get("/queues", "read")
def show(visit: Visit) -> Response:
    """Show those of the house, and the listeners for which most is waiting."""
    visit.caller.refuse_owned("Queues")
    services, names = visit.caller.services, visit.caller.services.names
    now = stats.get_stats(visit.caller, 300)
    backlog = now.backlog
    rows = (
        ()
        if backlog is None
        else (
            QueueRow(names.route, "events, on their way to the router", backlog.route),
            QueueRow("", "deliveries, in listeners' queues", backlog.ready),
            QueueRow("", "deliveries, in the delay wheel", backlog.delayed),
            QueueRow("", "dead letters, of all listeners", backlog.dead),
            QueueRow(names.attempts, "records of attempts, to be written", backlog.attempts),
            QueueRow(names.orphans, "deliveries whose listener was gone", backlog.orphans, ORPHANS),
            QueueRow(names.invalid, "messages that could not be read", backlog.invalid, "invalid"),
            QueueRow(names.unrouted, "events that reached no queue", backlog.unrouted, "unrouted"),
        )
    )
    management = Management.of(services)
    return visit.page(
        "queues.html",
        title="Queues",
        section="queues",
        now=now,
        rows=rows,
        depth_of_all=backlog is not None and bool(backlog.listeners_at),
        is_embedded=not services.settings.broker_url,
        management=management,
    )


@pages.get("/queues/rates", "read")
def rates(visit: Visit) -> Response:
    """Tell what RabbitMQ says of its busiest queues; asked for by the page itself."""
    visit.caller.refuse_owned("Queues")
    management = Management.of(visit.caller.services)
    if management is None:
        raise NotFound("No address of RabbitMQ's pages is set.")
    found, reason = management.busiest()
    return visit.page("queue_rates.html", queues=found, reason=reason, management=management)


@pages.get("/queues/{place}", "read")
def browse(visit: Visit) -> Response:
    """Show the oldest messages of a place where they were set aside."""
    place = visit.path["place"]
    if place == ORPHANS:
        orphans = api.list_orphans(visit.caller, None, LIMIT)
        return visit.page(
            "orphans.html", title="Orphans", section="queues", found=orphans, place=place
        )
    found = api.list_set_aside(visit.caller, _checked(place), LIMIT)
    return visit.page(
        "set_aside.html", title=f"Set aside: {place}", section="queues", found=found, place=place
    )


@pages.post("/queues/{place}/replay", "admin")
def replay(visit: Visit) -> Response:
    """Send them again: those that are named, or all."""
    place, ids = visit.path["place"], visit.form.all("id") or None
    if place == ORPHANS:
        asked = api.OrphanReplay(webhook_ids=ids)
        job = api.replay_orphans(visit.caller, asked, Response())
    else:
        chosen = api.SetAsideReplay(ids=ids)
        job = api.replay_set_aside(visit.caller, _checked(place), chosen, Response())
    return visit.go("jobs", job.id)


@pages.post("/queues/{place}/purge", "admin")
def purge(visit: Visit) -> Response:
    """Throw those away that are named."""
    place, ids = visit.path["place"], visit.form.all("id")
    if not ids:
        return visit.go("queues", place)
    if place == ORPHANS:
        job = api.purge_orphans(visit.caller, api.OrphanSelection(webhook_ids=ids), Response())
    else:
        chosen = api.SetAsideSelection(ids=ids)
        job = api.purge_set_aside(visit.caller, _checked(place), chosen, Response())
    return visit.go("jobs", job.id)


def _checked(place: str) -> Place:
    if place not in PLACES:
        raise NotFound(f"Nothing is set aside as {place}.")
    return cast("Place", place)
