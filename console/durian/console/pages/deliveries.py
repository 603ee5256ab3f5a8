"""One delivery, attempt by attempt; and why it is where it is."""

from __future__ import annotations

from starlette.responses import Response

from durian.console.api import deliveries, explain
from durian.console.pages.page import Pages
from durian.console.pages.visit import Visit
from durian.errors import NotFound

pages = Pages()


@pages.get("/deliveries/{webhook_id}", "read")
def show(visit: Visit) -> Response:
    """Show its attempts, the first on top, and what came back."""
    delivery = deliveries.get_delivery(visit.caller, visit.path["webhook_id"])
    return visit.page(
        "delivery.html",
        title=delivery.webhook_id,
        section="listeners",
        delivery=delivery,
    )


@pages.get("/deliveries/{webhook_id}/why", "read")
def why(visit: Visit) -> Response:
    """Explain it: asked for by the page itself, since it is looked for in archive and queues."""
    delivery = deliveries.get_delivery(visit.caller, visit.path["webhook_id"])
    try:
        found = explain.explain_event(
            caller=visit.caller, event=delivery.event_id, listener=delivery.listener_id
        )
    except NotFound as error:
        return visit.page("why.html", one=None, reason=error.message)
    return visit.page("why.html", one=found.listeners[0], reason="")
