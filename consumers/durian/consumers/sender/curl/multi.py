"""libcurl's multi interface on a loop: any number of transfers, and one descriptor to watch."""

from __future__ import annotations

import contextlib
import logging
import math
import select
import time
from collections.abc import Callable
from typing import Protocol

import pycurl

_log = logging.getLogger(__name__)

#: Told how a transfer ended: libcurl's code (0: well) and words.
Ended = Callable[[int, str], None]

#: Idle connections that one listener may keep: as many attempts as it may have at once.
_MOST_CONNECTIONS = 256

#: What libcurl waits for (as bits, both reading and writing), in epoll's words.
_EVENTS = {
    pycurl.POLL_IN: select.EPOLLIN,
    pycurl.POLL_OUT: select.EPOLLOUT,
    pycurl.POLL_INOUT: select.EPOLLIN | select.EPOLLOUT,
}

#: Sockets that are looked after in one turn of the loop; the others are in the next.
_MOST_SOCKETS = 256


class Timer(Protocol):
    """A call that will be made later."""

    def cancel(self) -> None:
        """Do not make it."""


class Loop(Protocol):
    """What a loop has to offer; every broker has one."""

    def call(self, function: Callable[[], None]) -> None:
        """Run a function on the loop, soon. From any thread."""

    def call_later(self, seconds: float, function: Callable[[], None]) -> Timer:
        """Run a function on the loop after a while. From any thread."""

    def watch(self, fd: int, ready: Callable[[], None]) -> None:
        """Call `ready` on the loop while something can be read from `fd`."""

    def unwatch(self, fd: int) -> None:
        """Watch it no longer."""


class Multi:
    """Transfers under way. Everything here runs on the loop, and nothing of it within libcurl."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        #: What libcurl waits for, by socket. Those that it waits for no longer stay in the epoll to
        #: be read from: a kept connection carries the next request soon.
        self._wanted: dict[int, int] = {}
        self._ended: dict[pycurl.Curl, Ended] = {}
        #: When libcurl wants to be called, on the monotonic clock.
        self._due = math.inf
        #: When a timer will do so, if not something else before.
        self._armed = math.inf
        self._closed = False
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, _MOST_CONNECTIONS)
        loop.watch(self._epoll.fileno(), self._ready)

    def __len__(self) -> int:
        return len(self._ended)

    def add(self, handle: pycurl.Curl, ended: Ended) -> None:
        """Begin a transfer, by the next `go_on`. Raises pycurl.error."""
        self._multi.add_handle(handle)
        self._ended[handle] = ended

    def drop(self, handle: pycurl.Curl) -> None:
        """End a transfer if it is under way; nobody is told."""
        if self._ended.pop(handle, None) is not None:
            self._multi.remove_handle(handle)

    def go_on(self) -> None:
        """Do what is due now, and tell of what has ended."""
        while True:
            if self._due <= time.monotonic():
                self._due = math.inf
                self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
            if not self._tell():
                break
        self._arm()

    def close(self) -> None:
        """Let go of everything; no transfer is under way."""
        self._closed = True
        self._multi.close()
        self._loop.unwatch(self._epoll.fileno())
        # The loop does what it is asked for in turn: its descriptor must not be gone before.
        self._loop.call(self._epoll.close)

    def _ready(self) -> None:
        for socket, events in self._epoll.poll(0, _MOST_SOCKETS):
            wanted = self._wanted.get(socket)
            if wanted is None:
                # Mostly the end of an idle connection: libcurl looks before it uses that again.
                self._let_go(socket)
                continue
            failed = events & ~(select.EPOLLIN | select.EPOLLOUT)
            happened = pycurl.POLL_INOUT if failed else 0
            happened |= pycurl.POLL_IN if events & select.EPOLLIN else 0
            happened |= pycurl.POLL_OUT if events & select.EPOLLOUT else 0
            self._multi.socket_action(socket, happened & wanted)
        self.go_on()

    def _tell(self) -> bool:
        """Tell of transfers that have ended; False when that has led to nothing new."""
        while True:
            left, done, failed = self._multi.info_read()
            for handle in done:
                self._end(handle, 0, "")
            for handle, code, text in failed:
                self._end(handle, code, text)
            if not left:
                return self._due <= time.monotonic()

    def _end(self, handle: pycurl.Curl, code: int, text: str) -> None:
        ended = self._ended.pop(handle)
        self._multi.remove_handle(handle)
        try:
            ended(code, text)
        except Exception:  # noqa: BLE001  # a mistake about one transfer must not stop the others
            _log.exception("sender.transfer_failed")

    def _arm(self) -> None:
        """See to it that the loop calls when something is due.

        A timer that is set is left alone when it became due later: libcurl moves its own several
        times for each transfer.
        """
        if self._due < self._armed:
            self._armed = self._due
            self._loop.call_later(max(0.0, self._due - time.monotonic()), self._on_time)

    def _on_time(self) -> None:
        self._armed = math.inf
        if not self._closed:
            self.go_on()

    # What libcurl calls

    def _on_timer(self, timeout_ms: int) -> None:
        self._due = math.inf if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000

    def _on_socket(self, what: int, socket: int, _multi: object, _data: object) -> None:
        if what == pycurl.POLL_REMOVE:
            if self._wanted.pop(socket, None) != pycurl.POLL_IN:
                self._let_go(socket)  # one can nearly always write
            return
        self._wanted[socket] = what
        try:
            self._epoll.modify(socket, _EVENTS[what])
        except FileNotFoundError:  # it is new, or was let go, or has the number of one now closed
            self._epoll.register(socket, _EVENTS[what])

    def _let_go(self, socket: int) -> None:
        with contextlib.suppress(OSError):
            self._epoll.unregister(socket)
