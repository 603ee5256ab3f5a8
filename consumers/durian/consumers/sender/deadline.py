"""One total deadline for an attempt: when it passes, its socket is shut from outside.

Timeouts of sockets bound a single read, so a receiver that drips one byte at a time holds a thread
for ever. Shutting the socket wakes the thread, in whatever it is waiting.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import socket
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar

_log = logging.getLogger(__name__)

#: Finished entries are swept out of the heap when they are more than this many and the majority.
_FEW = 64


class Deadline:
    """The time limits of one attempt, and the socket it is using. Times are monotonic seconds."""

    __slots__ = ("_lock", "_sock", "connect_by", "end_by", "ended", "passed")

    def __init__(self, now: float, timeout_s: float, connect_timeout_s: float) -> None:
        self.end_by = now + timeout_s
        self.connect_by = now + min(connect_timeout_s, timeout_s)
        #: True once the watchdog has shut the socket.
        self.passed = False
        #: True once nobody waits any more.
        self.ended = False
        self._sock: socket.socket | None = None
        self._lock = threading.Lock()

    def remaining_s(self) -> float:
        """Seconds left of the attempt; a little above zero at least, for zero means no waiting."""
        return max(0.001, self.end_by - time.monotonic())

    def connect_remaining_s(self) -> float:
        """Seconds left for connecting, in the same way."""
        return max(0.001, self.connect_by - time.monotonic())

    def watch(self, sock: socket.socket) -> None:
        """Shut this socket when the deadline passes, or at once when it has."""
        with self._lock:
            self._sock = sock
            if self.passed:
                _shut(sock)

    def let_go(self) -> None:
        """Forget the socket: it is given back, and the next attempt may have it any moment."""
        with self._lock:
            self._sock = None

    def end(self) -> bool:
        """Let go of the socket. Returns whether the attempt ended in time."""
        with self._lock:
            self.ended = True
            self._sock = None
            return not self.passed and time.monotonic() < self.end_by

    def expire(self) -> None:
        """Shut the socket, unless the attempt has ended."""
        with self._lock:
            if self.ended:
                return
            self.passed = True
            if self._sock is not None:
                _shut(self._sock)


#: The deadline of the attempt that the current thread is making.
CURRENT: ContextVar[Deadline] = ContextVar("durian_deadline")


class Watchdog:
    """One thread that expires deadlines as they pass, and does a chore now and then.

    Args:
        chore: Called every `chore_every_s` seconds while the thread runs; must not block.
        chore_every_s: Seconds between two chores.
    """

    def __init__(self, chore: Callable[[], None], chore_every_s: float) -> None:
        self._chore = chore
        self._chore_every_s = chore_every_s
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._heap: list[tuple[float, int, Deadline]] = []
        self._order = itertools.count()
        self._under_way = 0
        self._thread: threading.Thread | None = None
        self._stopped = False

    def watching(self, deadline: Deadline) -> _Watching:
        """Watch a deadline, which is the current one meanwhile."""
        return _Watching(self, deadline)

    def stop(self) -> None:
        """Stop the thread; deadlines are no longer watched. Harmless twice."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def add(self, deadline: Deadline) -> None:
        """Begin to watch a deadline; `drop` has to follow."""
        with self._lock:
            self._under_way += 1
            if len(self._heap) > _FEW and len(self._heap) > 2 * self._under_way:
                self._heap = [entry for entry in self._heap if not entry[2].ended]
                heapq.heapify(self._heap)
            heapq.heappush(self._heap, (deadline.end_by, next(self._order), deadline))
            if self._thread is None and not self._stopped:
                thread = threading.Thread(target=self._run, name="durian-deadlines", daemon=True)
                thread.start()
                self._thread = thread
            elif self._heap[0][2] is deadline:
                self._wake.notify()

    def drop(self) -> None:
        """One of them need not be watched any more: it has ended."""
        with self._lock:
            self._under_way -= 1

    def _run(self) -> None:
        chore_at = time.monotonic() + self._chore_every_s
        while True:
            with self._wake:
                if self._stopped:
                    return
                due = self._due(time.monotonic())
                if not due:
                    ends_at = self._heap[0][0] if self._heap else chore_at
                    self._wake.wait(max(0.0, min(ends_at, chore_at) - time.monotonic()))
            for deadline in due:
                deadline.expire()
            if time.monotonic() >= chore_at:
                self._do_chore()
                chore_at = time.monotonic() + self._chore_every_s

    def _do_chore(self) -> None:
        try:
            self._chore()
        except Exception:  # noqa: BLE001  # whatever it is, deadlines are watched
            _log.exception("sender.chore_failed")

    def _due(self, now: float) -> list[Deadline]:
        due = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heapq.heappop(self._heap)[2])
        return due


class _Watching:
    """Watches one deadline. A class, since a generator takes three times as long for it."""

    __slots__ = ("_deadline", "_token", "_watchdog")

    def __init__(self, watchdog: Watchdog, deadline: Deadline) -> None:
        self._watchdog = watchdog
        self._deadline = deadline

    def __enter__(self) -> None:
        self._watchdog.add(self._deadline)
        self._token = CURRENT.set(self._deadline)

    def __exit__(self, *_: object) -> None:
        CURRENT.reset(self._token)
        self._watchdog.drop()


def _shut(sock: socket.socket) -> None:
    # Past SSLSocket's own shutdown, which takes the TLS state away under the reading thread.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
