"""Problem details, turned back into the errors that they were on the server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from durian.errors import (
    BrokerError,
    BrokerUnavailable,
    Changed,
    Conflict,
    DurianError,
    InvalidEvent,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    Overloaded,
    RateLimited,
    RegistryUnavailable,
    TooLarge,
    TooSlow,
    UnderWay,
    resource_of,
)

_KINDS: Mapping[str, type[DurianError]] = {
    "not_authenticated": NotAuthenticated,
    "not_allowed": NotAllowed,
    "changed": Changed,
    "conflict": Conflict,
    "under_way": UnderWay,
    "too_large": TooLarge,
    "too_slow": TooSlow,
    "overloaded": Overloaded,
    "broker_unavailable": BrokerUnavailable,
    "broker": BrokerError,
    "registry_unavailable": RegistryUnavailable,
}

#: Whoever uses the client has no header to write.
_HINTS: Mapping[str, str] = {
    "not_authenticated": "Set DURIAN_TOKEN to a token of this server; there, `durian tokens "
    "create` makes one.",
}

#: Characters that are told of an answer that is no problem.
_SHOWN = 200


class JobFailed(DurianError):
    """Raised when a job that was followed has failed, or its process is gone."""

    def __init__(self, job_id: str, failure: Mapping[str, Any] | None) -> None:
        """Keep what the job tells; `failure` is None when nothing was heard of its process."""
        self.job_id = job_id
        #: As the API tells it: `error`, `message`, `field`, `reason`, `hint`.
        self.failure = failure
        told = failure or {"message": "Nothing was heard of its process for a while."}
        message = told.get("message") or f"{told.get('field')}: {told.get('reason')}"
        super().__init__(message, hint=told.get("hint") or "")


def error_of(status: int, body: bytes, retry_after_s: float | None) -> DurianError:
    """Make the error of an answer that tells of one."""
    told = _read(body)
    if told is None:
        shown = body.decode(errors="replace")[:_SHOWN]
        hint = "Is it a Durian? See DURIAN_SERVER."
        return DurianError(f"The server answered {status}: {shown}", hint=hint)
    code, hint = str(told.get("code", "")), str(told.get("hint", ""))
    if code == "rate_limited":
        return RateLimited(retry_after_s or 1.0)
    if code == "invalid" and told.get("errors"):
        return _invalid(told["errors"][0], hint)
    if code == "not_found":
        return NotFound(str(told["detail"]), resource=resource_of(told.get("resource")), hint=hint)
    kind = _KINDS.get(code, DurianError)
    return kind(str(told["detail"]), hint=_HINTS.get(code, hint))


def _invalid(fault: Mapping[str, Any], hint: str) -> InvalidInput:
    reason = str(fault.get("detail", ""))
    if "attribute" in fault:
        error = InvalidEvent(str(fault["attribute"]), reason, hint=hint)
        place = _dotted(str(fault.get("pointer", "")))
        error.index = int(place) if place.isdecimal() else None
        return error
    field = fault.get("parameter") or fault.get("header") or _dotted(str(fault.get("pointer", "")))
    return InvalidInput(str(field), reason, hint=hint)


def _dotted(pointer: str) -> str:
    """Write a JSON pointer as a field of the body is called."""
    parts = pointer.removeprefix("#").removeprefix("/").split("/")
    return ".".join(part.replace("~1", "/").replace("~0", "~") for part in parts) or "body"


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) and "detail" in told else None
