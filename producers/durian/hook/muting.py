"""Blocks in which hooks send nothing, for what is no news: an import, a repair."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Stands for every hook.
_EVERY = "*"

#: The names of hooks that are muted, in this thread or task.
_MUTED: ContextVar[frozenset[str]] = ContextVar("durian_muted", default=frozenset())


@contextmanager
def muted(*names: str) -> Iterator[None]:
    """Let hooks of these names, or all of them, send nothing for the length of the block.

    Counts in the thread or task that the block is in, and in what it awaits. What is muted is gone:
    no event is made, so none can be sent later.
    """
    token = _MUTED.set(_MUTED.get() | (frozenset(names) or {_EVERY}))
    try:
        yield
    finally:
        _MUTED.reset(token)


def is_muted(name: str) -> bool:
    """Tell whether the hook of a name is to send nothing here."""
    names = _MUTED.get()
    return bool(names) and (name in names or _EVERY in names)
