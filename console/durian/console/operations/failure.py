"""Errors on their way to another process, the command line or a parent, told apart there."""

from __future__ import annotations

from collections.abc import Mapping

from durian.errors import (
    BrokerError,
    BrokerUnavailable,
    Conflict,
    DurianError,
    InvalidInput,
    MissingExtra,
    NotFound,
    RegistryError,
    RegistryUnavailable,
    resource_of,
)

#: What is told apart: an error is told as the first that it is.
_KINDS: tuple[type[DurianError], ...] = (
    NotFound,
    Conflict,
    BrokerUnavailable,
    RegistryUnavailable,
    BrokerError,
    RegistryError,
    DurianError,
)


def to_json(error: DurianError) -> dict[str, str]:
    """Write an error as a JSON object."""
    if isinstance(error, InvalidInput):
        return {
            "error": "InvalidInput",
            "field": error.field,
            "reason": error.reason,
            "hint": error.advice,
        }
    if isinstance(error, MissingExtra):
        return {"error": "MissingExtra", "extra": error.extra, "module": error.module}
    kind = next(kind for kind in _KINDS if isinstance(error, kind))
    told = {"error": kind.__name__, "message": error.message, "hint": error.advice}
    if isinstance(error, NotFound) and error.resource is not None:
        told["resource"] = error.resource
    return told


def from_json(told: Mapping[str, str]) -> DurianError:
    """Read it back."""
    hint = told.get("hint", "")
    if told.get("error") == "InvalidInput":
        return InvalidInput(told.get("field", ""), told.get("reason", ""), hint=hint)
    if told.get("error") == "MissingExtra":
        return MissingExtra(told.get("extra", ""), told.get("module", ""))
    if told.get("error") == "NotFound":
        resource = resource_of(told.get("resource"))
        return NotFound(told.get("message", ""), resource=resource, hint=hint)
    kinds = {kind.__name__: kind for kind in _KINDS}
    kind = kinds.get(told.get("error", ""), DurianError)
    return kind(told.get("message", ""), hint=hint)
