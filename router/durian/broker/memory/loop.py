"""The loop of the embedded broker: a thread of its own, or the tests' thread and a fake clock."""

from __future__ import annotations

import heapq
import itertools
import logging
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable

from durian.broker.clock import Clock, FakeClock

_log = logging.getLogger(__name__)

#: Seconds that `stop` waits for what was called before it.
_STOP_PATIENCE_S = 10.0


class LoopTimer:
    """A call that will be made later."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[[], None]) -> None:
        self.function: Callable[[], None] | None = function

    def cancel(self) -> None:
        """Do not make it. Harmless when it was made already."""
        self.function = None


class Loop:
    """Runs functions one at a time, in the order in which they came; subclasses say when."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._ready: deque[Callable[[], None]] = deque()
        self._timers: list[tuple[float, int, LoopTimer]] = []
        self._numbers = itertools.count()
        self._heap_lock = threading.Lock()

    def call(self, function: Callable[[], None]) -> None:
        """Run a function soon. From any thread."""
        self._ready.append(function)

    def call_later(self, seconds: float, function: Callable[[], None]) -> LoopTimer:
        """Run a function after a while. From any thread."""
        timer = LoopTimer(function)
        due = self.clock.monotonic() + max(0.0, seconds)
        with self._heap_lock:
            heapq.heappush(self._timers, (due, next(self._numbers), timer))
        return timer

    def watch(self, fd: int, ready: Callable[[], None]) -> None:
        """Call `ready` while something can be read from `fd`. Only on the loop."""
        raise NotImplementedError("only a loop on a thread of its own watches descriptors")

    def unwatch(self, fd: int) -> None:
        """Watch it no longer. Only on the loop."""

    def settle(self) -> None:
        """Give what was called so far the chance to happen before this returns."""

    def elsewhere(self) -> bool:
        """Tell whether functions run on another thread than the one that asks."""
        return False

    def start(self) -> None:
        """Begin to run functions."""

    def stop(self) -> None:
        """Stop after everything that was called before, and forget the timers."""

    def _next_due(self) -> float | None:
        """When the next timer is due, on the monotonic clock."""
        with self._heap_lock:
            return self._timers[0][0] if self._timers else None

    def _fire(self) -> bool:
        """Run the first timer that is due; False when none is."""
        with self._heap_lock:
            if not self._timers or self._timers[0][0] > self.clock.monotonic():
                return False
            _, _, timer = heapq.heappop(self._timers)
        function, timer.function = timer.function, None
        if function is not None:
            self._run(function)
        return True

    def _run_ready(self) -> None:
        for _ in range(len(self._ready)):
            self._run(self._ready.popleft())

    def _run(self, function: Callable[[], None]) -> None:
        function()


class ThreadLoop(Loop):
    """A loop on a daemon thread, by the machine's clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        #: Replaced when it starts, by one that holds a descriptor.
        self._selector: selectors.BaseSelector = selectors.SelectSelector()
        #: A byte that is sent to the first comes out of the second, and wakes the thread.
        self._waker: socket.socket | None = None
        self._woken = False

    def call(self, function: Callable[[], None]) -> None:
        """Run a function soon. From any thread."""
        super().call(function)
        self._nudge()

    def call_later(self, seconds: float, function: Callable[[], None]) -> LoopTimer:
        """Run a function after a while. From any thread."""
        timer = super().call_later(seconds, function)
        self._nudge()
        return timer

    def elsewhere(self) -> bool:
        """Tell whether functions run on another thread than the one that asks."""
        return self._thread is not None and self._thread is not threading.current_thread()

    def start(self) -> None:
        """Begin to run functions."""
        self._stopping.clear()
        self._waker, wakes = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(wakes, selectors.EVENT_READ, lambda: wakes.recv(4096))
        self._thread = threading.Thread(target=self._main, name="durian-broker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop after everything that was called before, and forget the timers."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self.call(self._stopping.set)
            thread.join(_STOP_PATIENCE_S)
            self._end_watching()
        self._ready.clear()
        with self._heap_lock:
            self._timers.clear()

    def watch(self, fd: int, ready: Callable[[], None]) -> None:
        """Call `ready` while something can be read from `fd`. Only on the loop."""
        self.unwatch(fd)
        self._selector.register(fd, selectors.EVENT_READ, ready)

    def unwatch(self, fd: int) -> None:
        """Watch it no longer. Only on the loop."""
        if fd in self._selector.get_map():
            self._selector.unregister(fd)

    def _nudge(self) -> None:
        if self._waker is not None and not self._woken:
            self._woken = True
            self._waker.send(b"x")

    def _main(self) -> None:
        while not self._stopping.is_set():
            # First, so that a call made from now on wakes the thread again.
            self._woken = False
            self._run_ready()
            while not self._stopping.is_set() and self._fire():
                pass
            if not self._stopping.is_set():
                self._look(0.0 if self._ready else self._patience_s())

    def _patience_s(self) -> float | None:
        due = self._next_due()
        return None if due is None else max(0.0, due - self.clock.monotonic())

    def _look(self, timeout_s: float | None) -> None:
        for key, _ in self._selector.select(timeout_s):
            self._run(key.data)

    def _end_watching(self) -> None:
        waker, self._waker = self._waker, None
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()
        if waker is not None:
            waker.close()

    def _run(self, function: Callable[[], None]) -> None:
        try:
            function()
        except Exception:  # noqa: BLE001  # a callback's mistake must not end everybody's loop
            _log.exception("broker.callback_failed")


class ManualLoop(Loop):
    """A loop without a thread: it runs in the calling thread, by a clock that tests move."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self._fake = clock
        self._turn = threading.Lock()
        self._runner: int | None = None
        self._started = False

    def start(self) -> None:
        """Begin to run functions."""
        self._started = True
        self.settle()

    def stop(self) -> None:
        """Stop after everything that was called before, and forget the timers."""
        self.settle()
        self._started = False
        self._ready.clear()
        with self._heap_lock:
            self._timers.clear()

    def settle(self) -> None:
        """Run until idle: everything called so far, and timers that are due.

        Inside a callback it does nothing: whoever runs that callback goes on until idle.
        """
        if not self._started or self._runner == threading.get_ident():
            return
        with self._turn:
            self._runner = threading.get_ident()
            try:
                while self._ready or self._fire():
                    self._run_ready()
            finally:
                self._runner = None

    def advance(self, seconds: float) -> None:
        """Move the clock, stopping at every timer on the way, in order."""
        until = self.clock.monotonic() + seconds
        self.settle()
        while (due := self._next_due()) is not None and due <= until:
            self._fake.advance(max(0.0, due - self.clock.monotonic()))
            self.settle()
        self._fake.advance(max(0.0, until - self.clock.monotonic()))
