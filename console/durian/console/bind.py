"""Why an address cannot be listened at, in words."""

from __future__ import annotations

import os

from durian.errors import InvalidSettings


def refused(host: str, port: int, error: OSError | OverflowError, hint: str) -> InvalidSettings:
    """Say why a process cannot listen at an address, and what to do about it."""
    code = error.errno if isinstance(error, OSError) else None
    # Python adds words of its own to the system's; a host that is not known has a negative code.
    reason = os.strerror(code).lower() if code and code > 0 else str(error)
    return InvalidSettings(f"{host}:{port}", f"cannot listen there: {reason}", hint=hint)
