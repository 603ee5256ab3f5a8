"""Keeping the collection of cycles away from what is done for every event."""

from __future__ import annotations

import gc

#: Objects that have to come and stay before the collector looks at the new ones; Python begins with
#: 700, which a few deliveries under way are. Nearly all of ours go without it, by their count.
_NEW_OBJECTS = 50_000

#: Looks at the new ones before those that stayed are looked at, and again before all are.
_LOOKS, _LONG_LOOKS = 20, 50


def settle() -> None:
    """Let what is there by now never be looked at again, and what comes seldom.

    For a process that has started and goes on with the same work: modules, settings, the index and
    the listeners' lanes stay, and walking through them takes as long as many deliveries: 5 % of
    what `durian deliver` computes (measured).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _LOOKS, _LONG_LOOKS)
