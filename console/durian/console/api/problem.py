"""Errors as HTTP answers: problem details (RFC 9457), in one place."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from durian.console.api.methods import methods_of
from durian.console.near import suggested
from durian.errors import (
    BrokerError,
    BrokerUnavailable,
    Changed,
    Conflict,
    DurianError,
    InvalidEvent,
    InvalidFilter,
    InvalidInput,
    ListenerUnknown,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    Overloaded,
    RateLimited,
    RegistryError,
    RegistryUnavailable,
    SignatureError,
    TooLarge,
    TooSlow,
    UnderWay,
)
from durian.errors.fault import reason_of

#: The media type of a problem.
MEDIA_TYPE: Final = "application/problem+json"

#: Seconds after which a client may try again when broker or database is away: a reconnect takes
#: less.
RETRY_AFTER_S = 5


class Fault(BaseModel):
    """One thing that is wrong with a request, and where."""

    detail: str
    pointer: str | None = Field(None, description="JSON pointer into the body, such as `#/url`.")
    parameter: str | None = Field(None, description="Name of the parameter of path or query.")
    header: str | None = Field(None, description="Name of the header.")
    attribute: str | None = Field(None, description="Name of the attribute of the event.")


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str = Field(description="The phrase of the status.")
    status: int
    code: str = Field(description="What it is, for programs: `not_found`.")
    resource: str | None = Field(
        None,
        description="With `not_found`, what is not there: `listener`, `hook`, `event`, `delivery`, "
        "`message`, `job`, `replay`, `token`, `source`; or `path`, when there is no such route.",
    )
    detail: str = Field(description="What it is, for people.")
    hint: str | None = Field(None, description="What can be done about it.")
    errors: list[Fault] | None = Field(None, description="What is wrong with the request.")


@dataclass(frozen=True, slots=True)
class _Kind:
    error: type[DurianError]
    status: HTTPStatus
    code: str


_Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]

#: An error is told as the first that it is.
_KINDS = (
    _Kind(InvalidInput, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"),
    _Kind(NotAuthenticated, HTTPStatus.UNAUTHORIZED, "not_authenticated"),
    _Kind(SignatureError, HTTPStatus.UNAUTHORIZED, "signature"),
    _Kind(NotAllowed, HTTPStatus.FORBIDDEN, "not_allowed"),
    _Kind(NotFound, HTTPStatus.NOT_FOUND, "not_found"),
    _Kind(Changed, HTTPStatus.PRECONDITION_FAILED, "changed"),
    _Kind(UnderWay, HTTPStatus.CONFLICT, "under_way"),
    _Kind(Conflict, HTTPStatus.CONFLICT, "conflict"),
    _Kind(TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large"),
    _Kind(TooSlow, HTTPStatus.REQUEST_TIMEOUT, "too_slow"),
    _Kind(Overloaded, HTTPStatus.SERVICE_UNAVAILABLE, "overloaded"),
    _Kind(RateLimited, HTTPStatus.TOO_MANY_REQUESTS, "rate_limited"),
    _Kind(BrokerUnavailable, HTTPStatus.SERVICE_UNAVAILABLE, "broker_unavailable"),
    _Kind(BrokerError, HTTPStatus.SERVICE_UNAVAILABLE, "broker"),
    _Kind(RegistryUnavailable, HTTPStatus.SERVICE_UNAVAILABLE, "registry_unavailable"),
    _Kind(DurianError, HTTPStatus.INTERNAL_SERVER_ERROR, "failed"),
)

#: What pydantic calls the errors of validators that are not its own.
_OURS = frozenset({"value_error", "assertion_error"})

#: A body that was sent as something else, as curl does unless told.
_OTHER_TYPE: Final = {
    "type": "media_type",
    "loc": ("header", "content-type"),
    "msg": "must be application/json",
}

#: Why FastAPI could not read a body, by what Python raised.
_UNREADABLE: Final[Mapping[type | None, str]] = {
    RecursionError: "is nested too deeply",
    UnicodeDecodeError: "is not UTF-8",
}

#: Where FastAPI says a value stands, and what a fault calls it.
_PLACES = {"query": "parameter", "path": "parameter", "header": "header"}


def answer(error: DurianError) -> JSONResponse:
    """Turn an error into an answer; what is wrong with the request is named."""
    kind = next(kind for kind in _KINDS if isinstance(error, kind.error))
    faults = [fault_of(error)] if isinstance(error, InvalidInput) else None
    return _respond(
        kind.status,
        kind.code,
        error.message,
        resource=error.resource if isinstance(error, NotFound) else None,
        hint=error.advice or None,
        errors=faults,
        headers=_headers(error, kind.status),
    )


def _answer_invalid(error: RequestValidationError, request: Request) -> JSONResponse:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if any(one["loc"] == ("body",) for one in error.errors()) and not _is_json(media_type):
        # It was not read as JSON, whatever it is; without a body there is no type either.
        error = RequestValidationError([_OTHER_TYPE]) if media_type else error
    faults = [_fault_in(one) for one in error.errors()]
    detail = "; ".join(f"{_name(one)}: {one.detail}" for one in faults)
    # What our own validators refuse fits the OpenAPI document, and cannot be used all the same.
    fits = all(one["type"] in _OURS for one in error.errors())
    status = HTTPStatus.UNPROCESSABLE_ENTITY if fits else HTTPStatus.BAD_REQUEST
    return _respond(status, "invalid", detail, errors=faults)


def _answer_http(error: HTTPException, request: Request) -> JSONResponse:
    """Tell what Starlette refuses by itself: a path or a method that is not there, or a body."""
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.BAD_REQUEST:
        reason = _UNREADABLE.get(type(error.__cause__), "cannot be read")
        fault = Fault(detail=reason, pointer=_pointer(()))
        return _respond(status, "invalid", f"body: {reason}", errors=[fault])
    detail = f"{request.method} {request.url.path}: {error.detail}"
    headers = dict(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(methods_of(request.scope)))
    resource = "path" if status is HTTPStatus.NOT_FOUND else None
    return _respond(status, status.name.lower(), detail, resource=resource, headers=headers)


async def _on_durian(request: Request, error: Exception) -> Response:
    # What the gate has let in has a caller, who sees no listeners but theirs.
    caller = getattr(request.state, "caller", None)
    if isinstance(error, ListenerUnknown) and caller is not None:
        with suppress(RegistryError):
            error = await run_in_threadpool(suggested, caller.store, error)
    return answer(error if isinstance(error, DurianError) else DurianError())


async def _on_invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        return _unforeseen()
    return _answer_invalid(error, request)


async def _on_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return _unforeseen()
    return _answer_http(error, request)


async def _on_unforeseen(_request: Request, _error: Exception) -> Response:
    # The log has it.
    return _unforeseen()


#: What an application of Starlette's handles errors with.
HANDLERS: Final[dict[int | type[Exception], _Handler]] = {
    DurianError: _on_durian,
    RequestValidationError: _on_invalid,
    HTTPException: _on_http,
    Exception: _on_unforeseen,
}


def fault_of(error: InvalidInput) -> Fault:
    """Say where in a request it is."""
    if isinstance(error, InvalidEvent):
        where = None if error.index is None else _pointer((error.index,))
        return Fault(detail=error.reason, attribute=error.field, pointer=where)
    if isinstance(error, InvalidFilter):
        return Fault(detail=f"{error.field}: {error.reason}", pointer="#/filter")
    if error.field in _HEADERS:
        return Fault(detail=error.reason, header=error.field)
    if error.field in _PARAMETERS:
        return Fault(detail=error.reason, parameter=error.field)
    return Fault(detail=error.reason, pointer=_pointer(error.field.split(".")))


#: Fields of errors that are headers or parameters, and not members of a body.
_HEADERS = frozenset({"Idempotency-Key", "If-Match", "content-type"})
_PARAMETERS = frozenset({"cursor", "limit"})


def _fault_in(error: Mapping[str, Any]) -> Fault:
    reason, (where, *path) = reason_of(error), error["loc"]
    if error["type"] == "json_invalid":
        (position,) = path
        return Fault(detail=f"{reason}, at character {position}", pointer=_pointer(()))
    if kind := _PLACES.get(str(where)):
        return Fault.model_validate({"detail": reason, kind: ".".join(map(str, path))})
    return Fault(detail=reason, pointer=_pointer(path))


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


def _name(fault: Fault) -> str:
    pointer = (fault.pointer or "").removeprefix("#") and fault.pointer
    return pointer or fault.parameter or fault.header or fault.attribute or "body"


def _pointer(path: Sequence[str | int]) -> str:
    """Write a JSON pointer (RFC 6901) as a URI fragment."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return "#" + "".join(f"/{part}" for part in parts)


def _headers(error: DurianError, status: HTTPStatus) -> dict[str, str]:
    if isinstance(error, RateLimited):
        return {"Retry-After": str(math.ceil(error.retry_after_s))}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": str(RETRY_AFTER_S)}
    if isinstance(error, NotAuthenticated):
        return {"WWW-Authenticate": "Bearer"}
    return {}


def _unforeseen() -> JSONResponse:
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _respond(status, "failed", "Something went wrong; the log of the server says what.")


def _respond(
    status: HTTPStatus,
    code: str,
    detail: str,
    *,
    resource: str | None = None,
    hint: str | None = None,
    errors: Sequence[Fault] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    body = Problem(
        title=status.phrase,
        status=status.value,
        code=code,
        resource=resource,
        detail=detail,
        hint=hint,
        errors=None if errors is None else list(errors),
    )
    return _Answer(
        body.model_dump(exclude_none=True),
        status.value,
        headers=None if headers is None else dict(headers),
    )


class _Answer(JSONResponse):
    """A problem; in what it repeats of the request, `?` stands for what is no Unicode text."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        """Write it, whatever names the request has."""
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return text.encode(errors="replace")
