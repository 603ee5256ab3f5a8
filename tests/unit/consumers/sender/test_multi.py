"""What libcurl's multi interface asks of its loop, on a loop that does nothing by itself."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable

import pycurl
import pytest

from durian.consumers.sender.curl.multi import Multi

#: Seconds that a turn of the loop may wait.
PATIENCE_S = 30.0


class Later:
    """A call that somebody wants to be made later, or at once."""

    def cancel(self) -> None:
        raise AssertionError("nobody cancels here")


class StillLoop:
    """Keeps what it is asked for."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []
        self.later: list[Callable[[], None]] = []
        self.watched: dict[int, Callable[[], None]] = {}

    def call(self, function: Callable[[], None]) -> None:
        self.soon.append(function)

    def call_later(self, _seconds: float, function: Callable[[], None]) -> Later:
        self.later.append(function)
        return Later()

    def watch(self, fd: int, ready: Callable[[], None]) -> None:
        self.watched[fd] = ready

    def unwatch(self, fd: int) -> None:
        del self.watched[fd]

    def turn(self, wait_s: float = PATIENCE_S) -> bool:
        """Wait until something is ready, and have it looked after; tell whether it was."""
        [(fd, ready)] = self.watched.items()
        found, _, _ = select.select([fd], [], [], wait_s)
        if found:
            ready()
        return bool(found)


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


def test_the_end_of_a_kept_connection_occupies_the_loop_once() -> None:
    loop = StillLoop()
    multi = Multi(loop)
    handle = pycurl.Curl()
    ended: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        handle.setopt(pycurl.URL, f"http://127.0.0.1:{server.getsockname()[1]}/")
        handle.setopt(pycurl.PROXY, "")
        multi.add(handle, lambda code, _text: ended.append(code))
        multi.go_on()
        connection, _ = server.accept()
        with connection:
            while (
                connection.fileno()
                not in select.select([connection.fileno(), *loop.watched], [], [])[0]
            ):
                loop.turn()
            assert connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            while not ended:
                assert loop.turn()
            assert not loop.turn(0)
        assert loop.turn()
        assert not loop.turn(0)
    assert ended == [0]
    multi.close()
    handle.close()
