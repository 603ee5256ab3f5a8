"""What is large and stays: kept away from garbage collection, and in large pages of memory."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from durian.match.index.pages import use_large_pages

#: The name of the thread that has memory moved.
LARGE_PAGES = "durian-large-pages"


@contextmanager
def without_collection() -> Iterator[None]:
    """Collect nothing meanwhile: what is filled has no garbage in it, and is gone through often."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def set_apart() -> None:
    """Take all that there is for something that stays.

    Going through a million objects stops all threads for most of a second (measured), each time.
    """
    gc.collect()
    gc.freeze()
    # It takes most of a second too: nobody has to wait for that, neither events nor a stop.
    threading.Thread(target=use_large_pages, name=LARGE_PAGES, daemon=True).start()
