"""The I/O thread: pika's loop, and the one way into it from other threads."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from pika.adapters.select_connection import IOLoop

_log = logging.getLogger(__name__)

#: Seconds that a stop waits for the thread to end.
_JOIN_S = 10.0


class IoTimer:
    """A call that will be made later."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[], None]) -> None:
        self._function: Callable[[], None] | None = function

    def cancel(self) -> None:
        """Do not make it. Harmless when it was made already."""
        self._function = None

    def fire(self) -> None:
        """Make the call, unless it was cancelled."""
        function, self._function = self._function, None
        if function is not None:
            function()


class _IsolatingLoop(IOLoop):
    """pika's loop, but a timer that fails takes no other with it.

    pika takes all timers that are due from its heap before it calls the first; an exception would
    lose the rest: retries, acks of this turn, the next attempt to connect.
    """

    def __init__(self, on_failure: Callable[[], None]) -> None:
        super().__init__()
        self._on_failure = on_failure

    def call_later(self, delay: float, callback: Callable[[], object]) -> Any:
        """Call something after a while: ours, or pika's own (heartbeats, connecting)."""

        def isolated() -> None:
            try:
                callback()
            except Exception:  # noqa: BLE001  # what it is, the log says; the others go on
                self._on_failure()

        return super().call_later(delay, isolated)


class IoLoop:
    """Runs everything that touches pika, one call at a time, on one thread."""

    def __init__(self, name: str, on_crash: Callable[[], None]) -> None:
        #: pika's own, which connections share.
        self.pika = _IsolatingLoop(self._failed)
        self._on_crash = on_crash
        self._inbox: deque[Callable[[], None]] = deque()
        self._woken = False
        self._stopping = False
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)
        self._ident: int | None = None
        self._watched: set[int] = set()

    def start(self) -> None:
        """Begin to run."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; from any other thread."""
        self._stopping = True
        self.pika.add_callback_threadsafe(self.pika.stop)
        self._thread.join(_JOIN_S)
        if not self._thread.is_alive():
            self.pika.close()

    def here(self) -> bool:
        """Tell whether the caller is on this thread."""
        return threading.get_ident() == self._ident

    def call(self, function: Callable[[], None]) -> None:
        """Run a function soon. From any thread: one wake-up serves all calls before it."""
        self._inbox.append(function)
        if not self._woken:
            self._woken = True
            if threading.get_ident() == self._ident:
                self.pika.call_later(0, self._take)
            else:
                self.pika.add_callback_threadsafe(self._take)

    def soon(self, function: Callable[[], None]) -> None:
        """Run a function at the end of this turn. Only on the loop.

        An exception counts as one of pika's, not of its user's: connections are made anew.
        """
        self.pika.call_later(0, function)

    def call_later(self, seconds: float, function: Callable[[], None]) -> IoTimer:
        """Run a function after a while. From any thread."""
        timer = IoTimer(lambda: guarded(function))
        delay = max(0.0, seconds)
        if self.here():
            self.pika.call_later(delay, timer.fire)
        else:
            self.call(lambda: self._set(delay, timer))
        return timer

    def watch(self, fd: int, ready: Callable[[], None]) -> None:
        """Call `ready` while something can be read from `fd`. Only on the loop."""
        self.unwatch(fd)
        self._watched.add(fd)
        self.pika.add_handler(fd, lambda _fd, _events: guarded(ready), IOLoop.READ)

    def unwatch(self, fd: int) -> None:
        """Watch it no longer. Only on the loop."""
        if fd in self._watched:
            self._watched.remove(fd)
            self.pika.remove_handler(fd)

    def _set(self, delay: float, timer: IoTimer) -> None:
        self.pika.call_later(delay, timer.fire)

    def _take(self) -> None:
        # First, so that a call made from now on wakes the loop again.
        self._woken = False
        for _ in range(len(self._inbox)):
            guarded(self._inbox.popleft())

    def _main(self) -> None:
        self._ident = threading.get_ident()
        while not self._stopping:
            try:
                self.pika.start()
            except Exception:  # noqa: BLE001  # told by _failed, and the loop begins again
                self._failed()

    def _failed(self) -> None:
        """Something raised that is not guarded, so not of ours: pika's connections are broken."""
        _log.exception("broker.loop_failed")
        guarded(self._on_crash)


def guarded(function: Callable[[], None]) -> None:
    """Run somebody's callback: its mistake must not end everybody's loop."""
    try:
        function()
    except Exception:  # noqa: BLE001  # whatever it is, the loop goes on
        _log.exception("broker.callback_failed")
