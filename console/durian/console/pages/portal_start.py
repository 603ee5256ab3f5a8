"""Where a link to the portal leads: the owner's listeners."""

from __future__ import annotations

from starlette.responses import Response

from durian.console.pages.page import Pages
from durian.console.pages.visit import Visit

pages = Pages()


@pages.get("/", "read")
def start(visit: Visit) -> Response:
    """Go to the listeners."""
    return visit.go("listeners")
