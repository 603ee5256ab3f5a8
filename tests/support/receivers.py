"""Receivers on loopback sockets: one that behaves, and many that do not."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

#: Makes close() send RST instead of FIN.
LINGER_ZERO = struct.pack("ii", 1, 0)

#: Seconds between two bytes of a receiver that drips.
DRIP_S = 0.05

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire."""

    head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header."""
        wanted = name.lower().encode() + b":"
        for line in self.head.split(b"\r\n")[1:]:
            if line.lower().startswith(wanted):
                return line[len(wanted) :].strip().decode("latin-1")
        return None


class Connection:
    """A connection to a receiver, with the verbs that misbehaviour is made of."""

    def __init__(self, sock: socket.socket, stopping: threading.Event) -> None:
        self.sock = sock
        self._stopping = stopping
        self._buffer = b""

    def request(self) -> Received | None:
        """Read one request; None when the peer has closed."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._more():
                return None
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        size = int(Received(head, b"").header("content-length") or 0)
        while len(self._buffer) < size:
            if not self._more():
                return None
        body, self._buffer = self._buffer[:size], self._buffer[size:]
        return Received(head, body)

    def send(self, data: bytes) -> None:
        """Send at once."""
        self.sock.sendall(data)

    def drip(self, data: bytes, every_s: float = DRIP_S) -> None:
        """Send byte by byte."""
        for byte in data:
            self.send(bytes([byte]))
            if self._stopping.wait(every_s):
                return

    def flood(self, block: bytes) -> None:
        """Send a block again and again, until the peer has gone."""
        while not self._stopping.is_set():
            self.send(block)

    def pause(self, seconds: float) -> None:
        """Do nothing for a while."""
        self._stopping.wait(seconds)

    def wait(self) -> None:
        """Do nothing until the receiver is stopped."""
        self._stopping.wait()

    def reset(self) -> None:
        """Break the connection off with an RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        self.sock.close()

    def _more(self) -> bool:
        data = self.sock.recv(65536)
        self._buffer += data
        return bool(data)


#: What a receiver does with one connection; it is closed afterwards.
Behaviour = Callable[[Connection], None]


class Receiver:
    """A server on a free loopback port, one thread a connection.

    Args:
        behaviour: What it does with every connection.
        tls: Its TLS context; None for plain HTTP.
        host: The loopback address to listen on.
    """

    def __init__(
        self, behaviour: Behaviour, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self._behaviour = behaviour
        self._tls = tls
        self._stopping = threading.Event()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._server = socket.create_server((host, 0), family=family, backlog=128)
        #: Where it listens.
        self.port: int = self._server.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._socks: list[socket.socket] = []
        #: Connections accepted so far.
        self.accepted = 0

    def url(self, host: str = "127.0.0.1") -> str:
        """A URL of it."""
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}/hook"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        for sock in [self._server, *self._socks]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = self._server.accept()
            except OSError:
                return
            self.accepted += 1
            self._socks.append(sock)
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        # The peer may be gone at any step: that is what is being tested.
        with contextlib.suppress(OSError, ValueError), sock:
            if self._tls is None:
                self._behaviour(Connection(sock, self._stopping))
                return
            with self._tls.wrap_socket(sock, server_side=True) as wrapped:
                self._socks.append(wrapped)
                self._behaviour(Connection(wrapped, self._stopping))

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()


class Inbox:
    """The receiver that behaves: it keeps what it receives and answers with a fixed response."""

    def __init__(self, response: bytes = OK) -> None:
        self._response = response
        self.received: list[Received] = []

    def __call__(self, connection: Connection) -> None:
        while (request := connection.request()) is not None:
            self.received.append(request)
            connection.send(self._response)


def scripted(*parts: bytes, then: Behaviour | None = None, read: bool = True) -> Behaviour:
    """Read a request (or not), send the parts, do one thing more, close."""

    def behave(connection: Connection) -> None:
        if read:
            connection.request()
        for part in parts:
            connection.send(part)
        if then is not None:
            then(connection)

    return behave


def answering(*parts: bytes) -> Behaviour:
    """Read a request, send the parts, close."""
    return scripted(*parts)


def dripping(before: bytes, dripped: bytes) -> Behaviour:
    """Read a request, send something at once and the rest byte by byte."""
    return scripted(before, then=lambda connection: connection.drip(dripped))


def flooding(before: bytes, block: bytes) -> Behaviour:
    """Read a request, send something once and a block for ever."""
    return scripted(before, then=lambda connection: connection.flood(block))


def resetting(*parts: bytes, read: bool = True) -> Behaviour:
    """Send the parts and break off with an RST."""
    return scripted(*parts, then=Connection.reset, read=read)


def hanging(*parts: bytes, read: bool = True) -> Behaviour:
    """Send the parts, then nothing."""
    return scripted(*parts, then=Connection.wait, read=read)


def echoing(names: Iterable[str]) -> Behaviour:
    """Answer with the request's own head."""

    def behave(connection: Connection) -> None:
        request = connection.request()
        assert request is not None
        headers = "".join(f"X-Echo: {request.header(name)}\r\n" for name in names)
        connection.send(
            f"HTTP/1.1 500 No\r\n{headers}Content-Length: {len(request.head)}\r\n\r\n".encode()
            + request.head
        )

    return behave
