"""Operations by HTTP: the answer is JSON lines, progress first and the result last."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
from collections.abc import AsyncIterator
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from durian.console.gateway.access import Access
from durian.console.operations import catalogue, failure
from durian.console.operations.operation import Context
from durian.errors import DurianError, InvalidInput

#: Names of this machine: a page in a browser that reaches us by another name (DNS rebinding)
#: sends that one.
_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def route(context: Context, access: Access) -> Route:
    """The route of all operations."""

    async def operate(request: Request) -> Response:
        _refuse_browsers(request)
        try:
            given = await request.json()
        except ValueError as exc:
            raise InvalidInput("body", "is not JSON") from exc
        if not isinstance(given, dict):
            raise InvalidInput("body", "must be a JSON object")
        lines = _lines(context, request.path_params["name"], given)
        return StreamingResponse(lines, media_type="application/jsonl")

    return Route("/v1/operations/{name}", access.guard(operate), methods=["POST"])


def _refuse_browsers(request: Request) -> None:
    """Only JSON, which a foreign page cannot send unasked, and only to a name of this machine."""
    content_type = request.headers.get("content-type", "").partition(";")[0]
    if content_type != "application/json":
        raise InvalidInput("content-type", "must be application/json")
    if request.url.hostname not in _LOCAL_HOSTS:
        raise InvalidInput("host", "must be a name of this machine")


async def _lines(context: Context, name: str, given: dict[str, object]) -> AsyncIterator[bytes]:
    """Run an operation in a thread; when nobody reads any more, it is told to stop."""
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    mine = dataclasses.replace(context, stop=threading.Event())

    def tell(line: dict[str, object]) -> None:
        with suppress(RuntimeError):  # the loop has ended, and with it whoever read
            loop.call_soon_threadsafe(told.put_nowait, line)

    def work() -> None:
        try:
            result = catalogue.run(
                name, mine, given, lambda done, total: tell({"progress": [done, total]})
            )
            tell({"result": result})
        except DurianError as error:
            tell({"failure": failure.to_json(error)})
        except Exception:  # the log has it; the client learns that there is no answer
            unforeseen = DurianError("The operation failed; the log of durian up says why.")
            tell({"failure": failure.to_json(unforeseen)})
            raise

    threading.Thread(target=work, name="durian-operation", daemon=True).start()
    try:
        while True:
            line = await told.get()
            yield json.dumps(line).encode() + b"\n"
            if "progress" not in line:
                return
    finally:
        mine.stop.set()
