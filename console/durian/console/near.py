"""Near matches: what somebody may have meant who named a listener that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from durian.errors import ListenerUnknown

if TYPE_CHECKING:
    from durian.registry.store import Store

#: Listeners among which is looked for near matches for somebody who may ask again and again.
_LOOKED_MOST = 1000

#: Near matches that are named.
_MOST = 3


@contextmanager
def suggesting(store: Store) -> Iterator[None]:
    """Name near matches in the error that a listener is unknown."""
    try:
        yield
    except ListenerUnknown as error:
        if not error.advice:
            raise ListenerUnknown(error.listener_id, hint=_hint(store, error.listener_id)) from None
        raise


def suggested(store: Store, error: ListenerUnknown) -> ListenerUnknown:
    """The error with near matches, where there are not too many listeners to look for them."""
    if error.advice or store.count_listeners() > _LOOKED_MOST:
        return error
    return ListenerUnknown(error.listener_id, hint=_hint(store, error.listener_id))


def _hint(store: Store, listener_id: str) -> str:
    found = near(listener_id, store.listener_ids())
    if not found:
        return "`durian listeners list` shows them."
    return f"Did you mean {' or '.join(found)}?"


def near(listener_id: str, ids: list[str]) -> list[str]:
    """The ids that are much like one: those that begin with it, else those that look like it."""
    begin = [one for one in ids if one.startswith(listener_id)]
    return sorted(begin)[:_MOST] or difflib.get_close_matches(listener_id, ids, _MOST)
