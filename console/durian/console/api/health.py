"""Two questions about health, for whoever starts and stops processes; no token is needed."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from durian.console.api.services import Services

router = APIRouter(tags=["health"])


@router.get("/livez", response_class=PlainTextResponse)
async def livez() -> PlainTextResponse:
    """Tell that the process answers."""
    return PlainTextResponse("alive\n")


@router.get(
    "/readyz",
    response_class=PlainTextResponse,
    responses={503: {"description": "Not yet", "content": {"text/plain": {}}}},
)
async def readyz(request: Request) -> PlainTextResponse:
    """Tell whether requests can be answered: broker and registry are at hand."""
    services: Services = request.app.state.services
    if await services.ready():
        return PlainTextResponse("ready\n")
    return PlainTextResponse("not yet\n", 503)
