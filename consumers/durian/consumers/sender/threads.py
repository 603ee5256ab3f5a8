"""Threads for a sender whose attempts block: each attempt holds one until its outcome."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from durian.consumers.sender.port import Done, Outcome, Request


class Threads:
    """Makes attempts on threads of its own, which are started as they are needed.

    Args:
        send: Makes one attempt and returns its outcome; never raises.
        most: Attempts made side by side; those beyond wait for a thread.
    """

    def __init__(self, send: Callable[[Request], Outcome], most: int) -> None:
        self._send = send
        self._pool = ThreadPoolExecutor(most, "durian-attempt")
        self._closed = False

    def begin(self, request: Request, done: Done) -> None:
        """Make an attempt on a thread; see the port."""
        # Taken out by whoever makes it: a pool that fails to start a thread keeps what it was
        # given, and may come back to it.
        waiting = deque([request])

        def run() -> None:
            if waiting:
                done(self._made(waiting.pop()))

        try:
            self._pool.submit(run)
        except RuntimeError as exc:  # no thread can be started, or the pool is shut down
            if waiting:
                waiting.pop()
                done(_failed(str(exc)))

    def close(self) -> None:
        """Make no further attempt: those that wait for a thread fail. Harmless twice."""
        self._closed = True
        self._pool.shutdown(wait=False)

    def _made(self, request: Request) -> Outcome:
        return _failed("the sender was closed") if self._closed else self._send(request)


def _failed(reason: str) -> Outcome:
    return Outcome(kind="error", latency_s=0.0, error=reason)
