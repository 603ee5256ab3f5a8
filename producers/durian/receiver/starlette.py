"""A Starlette endpoint that receives webhooks; FastAPI applications take it as it is."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from durian.receiver.answer import Answer, Handle, Walk, received_or_refusal
from durian.receiver.receiver import Receiver

Endpoint = Callable[[Request], Awaitable[Response]]


def webhook_endpoint(receiver: Receiver, handle: Handle) -> Endpoint:
    """Make an endpoint, for `app.add_route("/hook", endpoint, methods=["POST"])`.

    Args:
        receiver: Verifies and decodes.
        handle: Called with each event once, those of a batch in turn; in a thread unless it is a
            coroutine function; when
            it raises, the event comes again later.
    """

    async def endpoint(request: Request) -> Response:
        body = await _body(request, receiver.max_body_bytes)
        # Signatures take time, and a pluggable memory of what was handled may wait for a database.
        received = await run_in_threadpool(
            received_or_refusal, receiver, dict(request.headers), body
        )
        if isinstance(received, Answer):
            return _response(received)
        next_one = Walk(received)
        while not isinstance(found := await run_in_threadpool(next_one), Answer):
            with found as event:
                if inspect.iscoroutinefunction(handle):
                    await handle(event)
                else:
                    await run_in_threadpool(handle, event)
        return _response(found)

    return endpoint


async def _body(request: Request, most_bytes: int) -> bytes:
    """Read the body, and no more of it than shows that it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            break
    return bytes(body)


def _response(answer: Answer) -> Response:
    return PlainTextResponse(answer.text, answer.status)
