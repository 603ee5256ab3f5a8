"""urllib3 connections that dial checked addresses only, and obey one deadline."""

from __future__ import annotations

import contextlib
import queue
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from durian.consumers.sender.addresses import Guard
from durian.consumers.sender.deadline import CURRENT
from durian.consumers.sender.dialing import check, choose, connect_fault, is_address
from durian.consumers.sender.fault import Fault
from durian.consumers.sender.lookup import Lookup
from durian.consumers.sender.response import StrictResponse
from durian.faults import failpoint

#: Bytes of a request that is copied, to be sent in one piece.
_SMALL_BYTES = 64 * 1024

#: Connects to a host and port, within the current deadline.
Dial = Callable[[str, int], socket.socket]


class Dialer:
    """Connects to names and addresses, and to nothing that the guard forbids.

    Args:
        lookup: Resolves names, once per connection.
        guard: Must allow every address of a name, or none is dialled; None allows all (for an
            egress proxy that the operator has named).
    """

    def __init__(self, lookup: Lookup, guard: Guard | None) -> None:
        self._lookup = lookup
        self._guard = guard

    def dial(self, host: str, port: int) -> socket.socket:
        """Connect.

        Raises:
            Fault: of kind `blocked`, `dns`, `refused` or `timeout`.
        """
        deadline = CURRENT.get()
        addresses = self._checked(host, deadline.connect_remaining_s())
        chosen = choose(addresses)
        fault = Fault("refused", "no connection")
        for left in range(len(chosen), 0, -1):
            budget_s = deadline.connect_by - time.monotonic()
            if budget_s <= 0:
                raise Fault("timeout", "no connection in time")
            try:
                # An even share of what is left, so that the last address is tried too.
                return _connect(chosen[-left], port, budget_s / left)
            except OSError as exc:
                fault = connect_fault(exc)
        raise fault

    def _checked(self, host: str, timeout_s: float) -> Sequence[str]:
        addresses = [host] if is_address(host) else self._lookup.addresses(host, timeout_s)
        check(addresses, self._guard)
        return addresses


class _Block(dict[str, str]):
    """The headers of a request, none of them missing, for urllib3 to write all at once.

    It passes each through four functions, its own and http.client's, which check what was checked.
    """

    def __iter__(self) -> Iterator[str]:
        """Name those that urllib3 would add."""
        return iter(("accept-encoding", "content-length", "user-agent"))

    def items(self) -> Any:
        """Give them as if they were one."""
        first, *others = super().items()
        lines = [first[1], *[f"{name}: {value}" for name, value in others]]
        return [(first[0], "\r\n".join(lines))]


class _Strict(HTTPConnection):
    """What both kinds of connection do: dial checked addresses, read heads strictly."""

    response_class = StrictResponse

    def __init__(self, *args: Any, dial: Dial, **options: Any) -> None:
        self._dial = dial
        #: What is to be sent together.
        self._gathered: list[bytes] | None = None
        super().__init__(*args, **options)

    def _new_conn(self) -> socket.socket:
        # Here and not by rewriting the host, which the certificate is checked against.
        return self._dial(self._dns_host, self.port)

    def request(
        self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any
    ) -> None:
        """Send a request by one system call, if it is small, within the current deadline."""
        deadline = CURRENT.get()
        self.timeout = deadline.remaining_s()
        if self.sock is not None:
            deadline.watch(self.sock)
        gathered = self._gathered = []
        try:
            super().request(method, url, body, _Block(headers), **options)
        finally:
            self._gathered = None
        for piece in _joined(gathered):
            self.send(piece)
        failpoint("delivery.sent")

    def putheader(self, header: Any, *values: Any) -> None:
        """Add a header line, or a block of them, which `check_headers` has looked at."""
        if isinstance(values[0], str):
            self._output(f"{header}: {values[0]}".encode())  # type: ignore[attr-defined]  # not in the stubs
        else:
            super().putheader(header, *values)  # the host

    def send(self, data: Any) -> None:
        """Send something, or keep it until the request is complete."""
        if self._gathered is None:
            super().send(data)
        else:
            self._gathered.append(data)

    def connect(self) -> None:
        """Connect, within the current deadline; then sending and reading may take the rest."""
        super().connect()
        if self.sock is not None:
            self.sock.settimeout(CURRENT.get().remaining_s())


class PlainConnection(_Strict):
    """A connection by http."""


class TlsConnection(_Strict, HTTPSConnection):
    """A connection by https."""

    @property
    def is_connected(self) -> bool:
        """Whether it can carry another request: nothing unasked was received."""
        sock = self.sock
        # What was decrypted already waits above the socket, where polling does not see it.
        unread = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        return super().is_connected and not unread


class IdleConnections(queue.LifoQueue[Any]):
    """What a pool keeps its idle connections in: the last one first, as many as were in use.

    The one it replaces is filled with as many placeholders as it has room, which takes ten times
    as long as all else about making a pool, and most listeners' pools hold one connection.
    """

    def __init__(self, _maxsize: int = 0) -> None:
        self._idle: list[Any] = []

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: ARG002, FBT001, FBT002 - as inherited
        """Keep a connection; placeholders are not kept."""
        if item is not None:
            CURRENT.get().let_go()
            self._idle.append(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:  # noqa: ARG002, FBT001, FBT002 - as inherited
        """Take the connection that was kept last. Raises queue.Empty."""
        try:
            return self._idle.pop()
        except IndexError:
            raise queue.Empty from None


class PlainPool(HTTPConnectionPool):
    """Connections to one http receiver."""

    QueueCls: Any = IdleConnections
    ConnectionCls = PlainConnection


class TlsPool(HTTPSConnectionPool):
    """Connections to one https receiver."""

    QueueCls: Any = IdleConnections
    ConnectionCls = TlsConnection


class WatchedTlsSocket(ssl.SSLSocket):
    """A TLS socket that the deadline can shut during its handshake too.

    By then the plain socket has been taken over by this one, and shutting that has no effect.
    """

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - as inherited
        """Shake hands, watched by the current deadline."""
        CURRENT.get().watch(self)
        super().do_handshake(block)


def _joined(pieces: list[bytes]) -> list[bytes]:
    """Join what is small: a system call lets another thread have its turn, each time."""
    return [b"".join(pieces)] if sum(map(len, pieces)) <= _SMALL_BYTES else pieces


def _connect(address: str, port: int, timeout_s: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    with _closed_on_error(sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(timeout_s)
        deadline = CURRENT.get()
        deadline.watch(sock)
        sock.connect((address, port))
        sock.settimeout(deadline.connect_remaining_s())
    return sock


@contextlib.contextmanager
def _closed_on_error(sock: socket.socket) -> Iterator[None]:
    try:
        yield
    except BaseException:
        sock.close()
        raise
