"""The owner of a listener: one name, which tokens and listeners share."""

from __future__ import annotations

#: Characters of an owner's name.
MAX_OWNER_LENGTH = 255


def check_owner(value: str) -> str:
    """Return an owner's name as it is. Raises ValueError when it cannot be one."""
    if not value or len(value) > MAX_OWNER_LENGTH:
        reason = f"must be 1 to {MAX_OWNER_LENGTH} characters"
        raise ValueError(reason)
    if not value.isprintable():
        reason = "must be printable characters"
        raise ValueError(reason)
    return value
