"""What is done to a listener by a button: pause, test, rotate, remove."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response

from durian.console.api import listeners as api
from durian.console.api import test_event
from durian.console.api.listener_models import ListenerPatch
from durian.console.api.listeners import OVERLAP_S, Rotation
from durian.console.pages import receivers
from durian.console.pages.listener import about, get
from durian.console.pages.once import once
from durian.console.pages.page import Pages
from durian.console.pages.visit import Visit

pages = Pages()

#: How long an old secret may go on signing, in seconds, and what that is called.
OVERLAPS: Final = (
    (0, "not at all"),
    (3600, "for an hour"),
    (int(OVERLAP_S), "for a day"),
    (7 * 86_400, "for a week"),
)


@pages.post("/listeners/{listener_id}/pause", "manage")
def pause(visit: Visit) -> Response:
    """Pause it."""
    api.pause_listener(visit.caller, _id(visit), Response())
    return _back(visit, "paused")


@pages.post("/listeners/{listener_id}/resume", "manage")
def resume(visit: Visit) -> Response:
    """Resume it."""
    api.resume_listener(visit.caller, _id(visit), Response())
    return _back(visit, "resumed")


@pages.post("/listeners/{listener_id}/enable", "manage")
def enable(visit: Visit) -> Response:
    """Enable it."""
    _change(visit, enabled=True)
    return _back(visit, "enabled")


@pages.post("/listeners/{listener_id}/disable", "manage")
def disable(visit: Visit) -> Response:
    """Disable it."""
    _change(visit, enabled=False)
    return _back(visit, "disabled")


@pages.post("/listeners/{listener_id}/test", "manage")
def send_test_event(visit: Visit) -> Response:
    """Send it a test event."""
    test_event.send_test_event(visit.caller, _id(visit), test_event.TestEvent())
    return _back(visit, "test")


@pages.get("/listeners/{listener_id}/rotate", "manage")
def ask_rotation(visit: Visit) -> Response:
    """Ask how long the old secret is to go on signing."""
    return visit.page(
        "rotate.html",
        **about(visit, get(visit), "settings"),
        overlaps=OVERLAPS,
        usual=OVERLAP_S,
        once=secrets.token_urlsafe(16),
    )


@pages.post("/listeners/{listener_id}/rotate", "manage")
def rotate(visit: Visit) -> Response:
    """Give it a new secret, and show that."""
    listener = get(visit)
    chosen = visit.form("overlap")
    overlap = next((length for length, _ in OVERLAPS if str(length) == chosen), OVERLAP_S)

    def make() -> tuple[Response, str]:
        rotated = api.rotate_secret(visit.caller, listener.id, Rotation(overlap_s=overlap))
        shown = visit.page(
            "rotated.html",
            HTTPStatus.CREATED,
            **about(visit, listener, "settings"),
            secret=rotated.secret,
            overlap=dict(OVERLAPS)[int(overlap)],
            languages=receivers.all_of(),
        )
        return shown, visit.to("listeners", listener.id, "settings")

    return once(visit, make)


@pages.get("/listeners/{listener_id}/remove", "manage")
def ask_removal(visit: Visit) -> Response:
    """Ask whether it is really to be removed."""
    return visit.page("remove.html", **about(visit, get(visit), "settings"))


@pages.post("/listeners/{listener_id}/remove", "manage")
def remove(visit: Visit) -> Response:
    """Remove it."""
    api.remove_listener(visit.caller, _id(visit))
    return visit.go("listeners", done="removed")


def _id(visit: Visit) -> str:
    return visit.path["listener_id"]


def _change(visit: Visit, **fields: Any) -> None:
    patch = ListenerPatch.model_validate(fields)
    api.update_listener(visit.caller, _id(visit), patch, Response())


def _back(visit: Visit, done: str) -> Response:
    """Back to the page of the listener, which says what was done."""
    return visit.go("listeners", _id(visit), done=done)
