"""Threads for a sender whose attempts block: each attempt holds one until its outcome."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

from durian.consumers.sender.port import Done, Outcome, Request

_log = logging.getLogger(__name__)

_CLOSED = "the sender was closed"


class Threads:
    """Makes attempts on threads of its own, which are started as they are needed.

    Not an executor of the standard library: the futures that it makes, and nobody asks, take some
    4 % of what an attempt takes.

    Args:
        send: Makes one attempt and returns its outcome; never raises.
        most: Attempts made side by side; those beyond wait for a thread.
    """

    def __init__(self, send: Callable[[Request], Outcome], most: int) -> None:
        self._send = send
        self._most = most
        #: Attempts that wait for a thread; None ends the thread that takes it.
        self._waiting: SimpleQueue[tuple[Request, Done] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._started = 0
        #: Threads that wait for an attempt; below zero, attempts that wait for a thread.
        self._free = 0
        self._closed = False

    def begin(self, request: Request, done: Done) -> None:
        """Make an attempt on a thread; see the port."""
        with self._lock:
            failure = _CLOSED if self._closed else self._provide()
            if not failure:
                self._free -= 1
                self._waiting.put((request, done))
        if failure:
            done(_failed(failure))

    def close(self) -> None:
        """Make no further attempt: those that wait for a thread fail. Harmless twice."""
        with self._lock:
            self._closed = True
            started, self._started = self._started, 0
            for _ in range(started):
                self._waiting.put(None)

    def _provide(self) -> str:
        """See to it that there is a thread for one more attempt; tell why there is none."""
        if self._free <= 0 and self._started < self._most:
            # Daemons: who stops has waited long enough for what was under way.
            thread = threading.Thread(target=self._run, name="durian-attempt", daemon=True)
            try:
                thread.start()
            except RuntimeError as exc:
                return str(exc)
            self._started += 1
            self._free += 1
        return ""

    def _run(self) -> None:
        while (work := self._waiting.get()) is not None:
            request, done = work
            try:
                done(_failed(_CLOSED) if self._closed else self._send(request))
            except Exception:  # noqa: BLE001  # a mistake about one attempt must not end the others
                _log.exception("sender.attempt_failed")
            # Else they would be kept until the next one comes.
            del work, request, done
            with self._lock:
                self._free += 1


def _failed(reason: str) -> Outcome:
    return Outcome(kind="error", latency_s=0.0, error=reason)
