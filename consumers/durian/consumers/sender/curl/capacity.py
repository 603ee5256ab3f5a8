"""How many attempts may be under way at once, as far as open files go."""

from __future__ import annotations

import resource

#: Attempts under way at once, where the system allows as many open files.
MOST_ATTEMPTS = 4096

#: Open files that are left to everything else in the process.
_OTHER_FILES = 256

#: Open files for each attempt: its connection, and two that are kept for the next ones.
_FILES_EACH = 3


def capacity() -> int:
    """How many attempts the process's limit of open files allows."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return MOST_ATTEMPTS
    return max(16, min(MOST_ATTEMPTS, (most - _OTHER_FILES) // _FILES_EACH))


def raise_limit() -> None:
    """Raise the process's limit of open files as far as attempts need it and the system allows it.

    For a process whose work is to deliver: the limit of 1,024 that many systems begin with is for
    programs that call `select`.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = MOST_ATTEMPTS * _FILES_EACH + _OTHER_FILES
    wanted = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
