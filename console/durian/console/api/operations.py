"""Operations by HTTP: the answer is JSON lines, progress first and the result last."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
from collections.abc import AsyncIterator
from contextlib import suppress

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from durian.console.api.access import Admin
from durian.console.operations import catalogue, failure
from durian.console.operations.operation import Context
from durian.errors import DurianError, InvalidInput

router = APIRouter(prefix="/operations", include_in_schema=False)


@router.post("/{name}")
async def operate(caller: Admin, name: str, request: Request) -> Response:
    """Run an operation for the command line."""
    try:
        given = await request.json()
    except ValueError as exc:
        raise InvalidInput("body", "is not JSON") from exc
    if not isinstance(given, dict):
        raise InvalidInput("body", "must be a JSON object")
    return StreamingResponse(_lines(caller.context(), name, given), media_type="application/jsonl")


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
