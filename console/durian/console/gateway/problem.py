"""Errors as HTTP answers: problem details (RFC 9457), in one place."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import JSONResponse

from durian.errors import BrokerError, DurianError, InvalidInput

#: Seconds after which a client may try again when the broker is away: a reconnect takes less.
RETRY_AFTER_S = 5


class TooLarge(DurianError):
    """Raised when a request's body is larger than an event can be."""


def answer(error: DurianError) -> JSONResponse:
    """Turn an error into an answer; what is wrong in the request is named."""
    status = status_of(error)
    body: dict[str, object] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": f"{error.message} {error.advice}".strip(),
    }
    if isinstance(error, InvalidInput):
        body["attribute"] = error.field
    busy = status is HTTPStatus.SERVICE_UNAVAILABLE
    return JSONResponse(
        body,
        status.value,
        headers={"Retry-After": str(RETRY_AFTER_S)} if busy else None,
        media_type="application/problem+json",
    )


def status_of(error: DurianError) -> HTTPStatus:
    """The HTTP status of an error."""
    if isinstance(error, TooLarge):
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if isinstance(error, InvalidInput):
        return HTTPStatus.BAD_REQUEST
    if isinstance(error, BrokerError):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.INTERNAL_SERVER_ERROR
