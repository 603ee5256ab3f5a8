"""The owner of a listener: one name, which tokens and listeners share."""

from __future__ import annotations

from durian.events.attributes import is_extension

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


def check_owner_attribute(value: str) -> str:
    """Return the name of the extension that says whose an event is, or nothing, as it is.

    Raises ValueError when no extension of CloudEvents can be called so.
    """
    if value and not is_extension(value):
        reason = "must name an extension of CloudEvents: a-z and 0-9, such as tenant"
        raise ValueError(reason)
    return value
