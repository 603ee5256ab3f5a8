"""What libcurl's multi interface asks of its loop, on a loop that does nothing by itself."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pycurl
import pytest

from durian.consumers.sender.curl.multi import Multi


class Later:
    """A call that somebody wants to be made later, or at once."""

    def cancel(self) -> None:
        raise AssertionError("nobody cancels here")


class StillLoop:
    """Keeps what it is asked for."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []
        self.later: list[Callable[[], None]] = []
        self.watched: set[int] = set()

    def call(self, function: Callable[[], None]) -> None:
        self.soon.append(function)

    def call_later(self, _seconds: float, function: Callable[[], None]) -> Later:
        self.later.append(function)
        return Later()

    def watch(self, fd: int, _ready: Callable[[], None]) -> None:
        self.watched.add(fd)

    def unwatch(self, fd: int) -> None:
        self.watched.remove(fd)


@pytest.mark.parametrize("turned", [False, True], ids=["before the loop's turn", "after it"])
def test_a_timer_that_comes_after_closing_does_nothing(*, turned: bool) -> None:
    loop = StillLoop()
    multi = Multi(loop)
    handle = pycurl.Curl()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        handle.setopt(pycurl.URL, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        handle.setopt(pycurl.PROXY, "")
        handle.setopt(pycurl.TIMEOUT, 60)
        multi.add(handle, lambda _code, _text: None)
        multi.go_on()
        multi.drop(handle)
        multi.close()
        if turned:
            for function in loop.soon:
                function()
        assert loop.later
        for function in loop.later:
            function()
    handle.close()
    assert not loop.watched
