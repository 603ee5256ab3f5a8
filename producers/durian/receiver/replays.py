"""Remembering which webhooks were handled: the port, and one that keeps them in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Literal, Protocol

#: What is known of a message: nothing, that somebody is handling it, or that it was handled.
State = Literal["new", "busy", "handled"]

#: Ids that are kept in memory: at a hundred webhooks a second, those of the ten minutes within
#: which a captured request still verifies, with room to spare (about 10 MB).
MOST_IDS = 100_000


class Replays(Protocol):
    """Knows which messages were handled. Every method may be called from any thread.

    A receiver with several processes wants one that they share, in a database or a cache. Ids
    must be kept for ten minutes at least (twice the tolerance of timestamps); those kept longer
    also spare handling an event twice when a delivery was tried again after its answer was lost.
    """

    def begin(self, message_id: str) -> State:
        """Tell what is known of a message. When it is `new`, it is `busy` from now on."""

    def end(self, message_id: str, *, handled: bool) -> None:
        """Note that a message was handled, or, when that failed, forget it: it will come again."""


class MemoryReplays:
    """Keeps ids in this process, the most recent ones.

    Args:
        most: Ids kept; the oldest are forgotten first.
    """

    def __init__(self, most: int = MOST_IDS) -> None:
        self._most = most
        self._lock = threading.Lock()
        #: Whether each message was handled; the oldest first.
        self._handled: OrderedDict[str, bool] = OrderedDict()

    def __len__(self) -> int:
        return len(self._handled)

    def begin(self, message_id: str) -> State:
        """Tell what is known of a message, and claim a new one."""
        with self._lock:
            handled = self._handled.get(message_id)
            if handled is not None:
                return "handled" if handled else "busy"
            self._handled[message_id] = False
            if len(self._handled) > self._most:
                self._handled.popitem(last=False)
            return "new"

    def end(self, message_id: str, *, handled: bool) -> None:
        """Note that a message was handled, or forget it."""
        with self._lock:
            if handled:
                self._handled[message_id] = True
            else:
                self._handled.pop(message_id, None)
