"""Parameters that a route does not know: refused, for it would do another thing than was asked."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import Query
from fastapi.routing import APIRoute
from starlette.requests import Request

#: How much alike names are of which one is offered for the other: `sort` is no slip of `cursor`.
_ALIKE = 0.75


async def refuse_unknown(request: Request) -> None:
    """Raise RequestValidationError when the query names what the route does not take.

    Passed over, `?listner=joe` would list everybody's, and a selection that belongs into the body
    would not be one.
    """
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute):
        return
    known = [
        field.alias
        for field in get_flat_params(route.dependant)
        if isinstance(field.field_info, Query)
    ]
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        raise RequestValidationError([_error(name, known) for name in unknown])


def _error(name: str, known: Sequence[str]) -> dict[str, Any]:
    near = difflib.get_close_matches(name, known, 1, _ALIKE)
    told = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    reason = "is not a known parameter" + (f"; {told}" if known else "; there is none here")
    return {"type": "unknown_parameter", "loc": ("query", name), "msg": reason, "input": name}
