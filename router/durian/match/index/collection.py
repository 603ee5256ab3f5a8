"""Garbage collection, kept away from what is large and has no garbage in it."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sized
from contextlib import contextmanager

#: Listeners from which on it is worth the while.
_LARGE = 10_000


@contextmanager
def kept_from_collection(index: Sized) -> Iterator[None]:
    """Fill an index that will stay: nothing is collected meanwhile, nor gone through afterwards.

    Going through a million objects stops all threads for most of a second (measured), each time.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
    if len(index) >= _LARGE:
        gc.collect()
        gc.freeze()
