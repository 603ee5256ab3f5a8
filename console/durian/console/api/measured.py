"""Measuring requests: how many of what, and how long they took."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from durian.measures import OTHER, Histogram, Tally

#: Methods of HTTP; whatever else a client makes up is counted together.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

#: Method, operation and class of status together: more than there are, should pages be added.
_MOST = 2000

#: Of a request whose answer was never begun: the client has gone, or we stumbled.
_NO_STATUS = ""


@dataclass(slots=True)
class HttpMeasures:
    """Written on the server's event loop; any thread may read."""

    #: Requests by method, operation (its id in the OpenAPI document) and class of status.
    requests: Tally = field(default_factory=lambda: Tally(_MOST))
    #: Seconds from the request to the end of its answer.
    seconds: Histogram = field(default_factory=Histogram)


class Measured:
    """Counts what passes (an ASGI middleware)."""

    def __init__(self, app: ASGIApp, *, measures: HttpMeasures) -> None:
        self._app = app
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count it by how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_at = time.monotonic()
        status = _NO_STATUS

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = f"{message['status'] // 100}xx"
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else OTHER
            # The router wrote it there; who did not get that far asked for nothing that there is.
            operation = getattr(scope.get("route"), "name", OTHER)
            self._measures.requests.add(method, operation, status)
            self._measures.seconds.observe(time.monotonic() - began_at)
