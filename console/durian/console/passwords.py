"""Passwords: hashed by Argon2id (RFC 9106), and compared in so much time that nobody guesses."""

from __future__ import annotations

import threading
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from durian.errors import InvalidUser

#: Characters: what NIST SP 800-63B (revision 4) asks for where a password is all there is, and
#: more than anybody types.
MIN_LENGTH: Final = 15
MAX_LENGTH: Final = 1024

#: Passwords that are compared at once: each takes 64 MiB and all cores.
_AT_ONCE = threading.BoundedSemaphore(2)

_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


def hashed(password: str) -> str:
    """Return what is kept of a password. Raises InvalidUser when it is too short or too long."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        reason = f"must be {MIN_LENGTH} to {MAX_LENGTH} characters"
        raise InvalidUser("password", reason, hint="A sentence is easy to remember.")
    with _AT_ONCE:
        return _hasher.hash(password)


def fits(password: str, kept: str) -> bool:
    """Tell whether a password is the one of which something was kept.

    With nothing kept it takes as long, and is not: nobody finds out by the time which users there
    are.
    """
    if len(password) > MAX_LENGTH:
        return False
    with _AT_ONCE:
        try:
            _hasher.verify(kept or _nobodys(), password)
        except (VerificationError, InvalidHashError):
            return False
    return bool(kept)


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody has this password")
