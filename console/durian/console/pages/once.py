"""What shows a secret is done once: a form that is sent again leads to what was made before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.responses import RedirectResponse, Response

from durian.console.pages.visit import Visit
from durian.registry.answer import Answer

#: The field of a form that tells one from another; each that is opened has its own.
FIELD: Final = "once"

#: Characters of it at most.
_LONGEST: Final = 64


def once(visit: Visit, make: Callable[[], tuple[Response, str]]) -> Response:
    """Make something, unless this form was sent before; then go to where it is.

    `make` returns what is answered, and the address of what was made. What it raises is raised,
    and may be tried again.
    """
    store, caller_id = visit.store, visit.caller.token.id
    key = f"page {visit.form(FIELD)[:_LONGEST]}"
    before = store.begin_answer(caller_id, key, _digest(visit))
    if before is not None:
        return RedirectResponse(before.headers["location"], HTTPStatus.SEE_OTHER)
    try:
        response, place = make()
    except BaseException:
        store.drop_answer(caller_id, key)
        raise
    answer = Answer(status=HTTPStatus.SEE_OTHER, headers={"location": place}, body=b"")
    store.keep_answer(caller_id, key, answer)
    return response


def _digest(visit: Visit) -> str:
    # What else the form says may differ: whoever goes back and corrects it means the same thing.
    return hashlib.sha256(visit.request.url.path.encode()).hexdigest()
