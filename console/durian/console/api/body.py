"""Reading a request's body: so much, for so long, and no further."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.types import Message, Receive

from durian.errors import TooLarge, TooSlow

#: Seconds in which a body has to arrive: a phone's connection sends 4 MiB in that time.
BODY_S = 30.0


async def read(request: Request, most_bytes: int) -> bytes:
    """Read the body, and stop as soon as it is larger, or slower, than anybody may be.

    Raises TooLarge or TooSlow.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most_bytes:
                    raise TooLarge(f"The body is larger than {most_bytes} bytes.")
    except TimeoutError:
        raise TooSlow(f"The body did not arrive within {BODY_S:g} s.") from None
    return bytes(body)


def again(body: bytes, receive: Receive) -> Receive:
    """Hand a body out that was read already; then what else there is to receive."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again
