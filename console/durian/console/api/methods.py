"""Which methods a path answers, over all routes: each of FastAPI's routes knows its own alone."""

from __future__ import annotations

from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path
from starlette.types import Scope


def methods_of(scope: Scope) -> set[str]:
    """Return the methods that a request's path answers; none when there is no such path."""
    found: set[str] = set()
    for route in iter_route_contexts(scope["app"].routes):
        if route.path and compile_path(route.path)[0].match(scope["path"]):
            found |= route.methods or set()
    return found | {"HEAD"} if "GET" in found else found
