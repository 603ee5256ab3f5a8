"""Idempotency keys: a request that is made twice under one key is carried out once.

The rules are those of the IETF's draft "The Idempotency-Key HTTP Header Field". Only what succeeded
is kept: whoever was refused, or met with an error, may try again under the same key.
"""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import Final

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from durian.console.api import problem
from durian.console.api.access import Caller
from durian.console.api.body import again
from durian.console.api.methods import methods_of
from durian.errors import DurianError, InvalidInput
from durian.registry.answer import Answer
from durian.registry.answer_store import MAX_KEY_LENGTH

_log = structlog.get_logger("durian.console")

#: The header that holds a key, and the one that says that an answer was given before.
HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"

#: Methods that change something.
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

#: Bytes of an answer that are kept at most; a larger one is given, and not kept.
_MAX_ANSWER_BYTES = 1024 * 1024


class Once:
    """Carries a request with a key out once, and answers the same again (an ASGI middleware)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless it was answered before."""
        request = Request(scope, receive) if scope["type"] == "http" else None
        key = None if request is None else request.headers.get(HEADER)
        caller = scope.get("state", {}).get("caller")
        if request is None or key is None or caller is None or not _changes(scope):
            await self._app(scope, receive, send)
            return
        body = await request.body()  # which the gate has read
        call = _Call(caller, key, _digest(request, body))
        try:
            _check(key)
            before = await run_in_threadpool(call.begin)
        except DurianError as error:
            before = problem.answer(error)
        if before is None:
            await self._carry_out(call, scope, again(body, receive), send)
        else:
            await before(scope, receive, send)

    async def _carry_out(self, call: _Call, scope: Scope, receive: Receive, send: Send) -> None:
        heard = _Heard(send)
        try:
            await self._app(scope, receive, heard.send)
        finally:
            await run_in_threadpool(call.end, heard.answer)


class _Call:
    """A request under a key."""

    def __init__(self, caller: Caller, key: str, request: str) -> None:
        self._store = caller.store
        self._caller_id = caller.token.id
        self._key = key
        self._request = request

    def begin(self) -> Response | None:
        """Begin it; what was answered before, if it was. Raises DurianError."""
        before = self._store.begin_answer(self._caller_id, self._key, self._request)
        if before is None:
            return None
        headers = {**before.headers, REPLAYED: "true"}
        return Response(before.body, before.status, headers=headers)

    def end(self, answer: Answer | None) -> None:
        """Keep what was answered, or forget that it was begun."""
        try:
            if answer is None:
                self._store.drop_answer(self._caller_id, self._key)
            else:
                self._store.keep_answer(self._caller_id, self._key, answer)
        except DurianError as error:
            # It was carried out all the same. Asked again, it is under way until its lease ends.
            _log.warning("answer.unkept", key=self._key, error=str(error))


class _Heard:
    """Listens to an answer on its way out."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body = b""
        self._complete = False

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = dict(Headers(raw=message["headers"]))
        elif message["type"] == "http.response.body":
            if len(self._body) <= _MAX_ANSWER_BYTES:
                self._body += message.get("body", b"")
            self._complete = not message.get("more_body", False)
        await self._send(message)

    @property
    def answer(self) -> Answer | None:
        """What was answered; None when it is not to be kept."""
        succeeded = HTTPStatus.OK <= self._status < HTTPStatus.MULTIPLE_CHOICES
        if not (succeeded and self._complete and len(self._body) <= _MAX_ANSWER_BYTES):
            return None
        return Answer(status=self._status, headers=self._headers, body=self._body)


def _changes(scope: Scope) -> bool:
    """Tell whether a request is answered by a route that changes something."""
    method = scope["method"]
    return method in _CHANGING and method in methods_of(scope)


def _check(key: str) -> None:
    if not key or len(key) > MAX_KEY_LENGTH or not key.isascii() or not key.isprintable():
        reason = f"must be 1 to {MAX_KEY_LENGTH} printable ASCII characters"
        raise InvalidInput(HEADER, reason)


def _digest(request: Request, body: bytes) -> str:
    """Tell requests apart by all that matters: what is asked of what, with which body."""
    matters = (
        request.method,
        request.url.path,
        request.url.query,
        request.headers.get("content-type", ""),
        request.headers.get("if-match", ""),
    )
    digest = hashlib.sha256("\0".join(matters).encode("utf-8", "replace"))
    digest.update(b"\0" + body)
    return digest.hexdigest()
