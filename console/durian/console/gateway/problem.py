"""Errors as HTTP answers: problem details (RFC 9457), in one place."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse

from durian.errors import (
    BrokerError,
    DurianError,
    InvalidInput,
    NotFound,
    RegistryUnavailable,
    SignatureError,
)

#: Seconds after which a client may try again when the broker is away: a reconnect takes less.
RETRY_AFTER_S = 5


class TooLarge(DurianError):
    """Raised when a request's body is larger than an event can be."""


class TooSlow(DurianError):
    """Raised when a request's body does not arrive in time."""


class Overloaded(DurianError):
    """Raised when more requests are in hand than there is room for."""

    hint = "Try again in a few seconds, with fewer requests at once; a batch holds 1,000 events."


class Unauthorized(DurianError):
    """Raised when a request shows no token, or none that is known."""

    hint = "Send the header Authorization: Bearer TOKEN."


#: The status of each kind of error: the first that fits.
_STATUSES: tuple[tuple[type[DurianError], HTTPStatus], ...] = (
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (TooSlow, HTTPStatus.REQUEST_TIMEOUT),
    (Unauthorized, HTTPStatus.UNAUTHORIZED),
    (SignatureError, HTTPStatus.UNAUTHORIZED),
    (InvalidInput, HTTPStatus.BAD_REQUEST),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Overloaded, HTTPStatus.SERVICE_UNAVAILABLE),
    (BrokerError, HTTPStatus.SERVICE_UNAVAILABLE),
    (RegistryUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)


def answer(error: DurianError) -> JSONResponse:
    """Turn an error into an answer; what is wrong in the request is named."""
    status = status_of(error)
    headers: dict[str, str] = {}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    more = {"attribute": error.field} if isinstance(error, InvalidInput) else {}
    return refusal(status, f"{error.message} {error.advice}".strip(), headers, **more)


def refusal(
    status: int, detail: str, headers: Mapping[str, str] | None = None, **more: str
) -> JSONResponse:
    """Make an answer of a status and what it means here."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        **more,
    }
    return JSONResponse(body, int(status), headers=headers, media_type="application/problem+json")


def status_of(error: DurianError) -> HTTPStatus:
    """The HTTP status of an error."""
    for kind, status in _STATUSES:
        if isinstance(error, kind):
            return status
    return HTTPStatus.INTERNAL_SERVER_ERROR
