"""Turn pydantic's error lists into one field and one plain reason."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails


def first_fault(exc: ValidationError, allowed: Sequence[str] = ()) -> tuple[str, str]:
    """Return the path of the first faulty field and why it cannot be used.

    `allowed` are the names to offer when the fault is a name that is not known at the top level.
    """
    error = exc.errors(include_url=False)[0]
    return _path(error), _reason(error, allowed)


def _path(error: ErrorDetails) -> str:
    return ".".join(str(part) for part in error["loc"]) or "listener"


def _reason(error: ErrorDetails, allowed: Sequence[str]) -> str:
    if error["type"] == "extra_forbidden":
        known = f"; known are {', '.join(allowed)}" if allowed and len(error["loc"]) == 1 else ""
        return f"is not a known field{known}"
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return error["msg"].removeprefix("Input ").replace("Value error, ", "")
