"""A TCP proxy that misbehaves on demand: slow, half-open, or cut off."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

#: Makes close() send RST instead of FIN.
_LINGER_ZERO = struct.pack("ii", 1, 0)


class _Pair:
    """One connection through the proxy: the client's socket, the server's, and a gate."""

    def __init__(self, client: socket.socket, server: socket.socket, *, flows: bool) -> None:
        self.sides = (client, server)
        self._flow = threading.Event()
        self._ended = False
        if flows:
            self._flow.set()

    def stall(self) -> None:
        """Hold back everything, unless it is over."""
        if not self._ended:
            self._flow.clear()

    def end(self, *, reset: bool) -> None:
        """Let both sides know, at once, that it is over: politely, or with a reset."""
        self._ended = True
        for side in self.sides:
            with contextlib.suppress(OSError):
                if reset:
                    side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
                # Wakes the thread that reads from it, which then closes it; tells the peer nothing.
                side.shutdown(socket.SHUT_RD)
        self._flow.set()

    def pump(self, source: socket.socket, sink: socket.socket, proxy: Proxy) -> None:
        """Forward one direction until its end."""
        try:
            while data := source.recv(65536):
                proxy.delay()
                self._flow.wait()
                if self._ended:
                    break
                sink.sendall(data)
            if not self._ended:
                sink.shutdown(socket.SHUT_WR)
        except OSError:  # one side has reset the connection: the other is to know
            self.end(reset=True)
        if self._ended:
            source.close()


class Proxy:
    """Forwards a free loopback port to the host and port of a URL, and does it badly when told.

    With `tls`, clients must speak TLS to it; the other side is plain.
    """

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        #: The URL that leads through the proxy.
        self.url = url.replace(f"{self._target[0]}:{self._target[1]}", f"127.0.0.1:{port}")
        #: Seconds by which every piece of data is late.
        self.latency_s = 0.0
        #: How many connections were made through it.
        self.connections = 0
        self._tls = tls
        self._stalls_new = False
        self._ended = threading.Event()
        self._pairs: list[_Pair] = []
        self._threads: list[threading.Thread] = []
        self._spawn(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def stall(self, *, new: bool) -> None:
        """Forward nothing more, and tell nobody: half-open. With `new`, later connections too."""
        self._stalls_new = new
        for pair in self._pairs:
            pair.stall()

    def reset(self) -> None:
        """Cut every connection off with a TCP reset."""
        # Not those that are made meanwhile: who is cut off connects again at once.
        for pair in self._pairs[:]:
            pair.end(reset=True)

    def delay(self) -> None:
        """Wait as long as data is late."""
        if self.latency_s:
            self._ended.wait(self.latency_s)

    def close(self) -> None:
        """End everything."""
        self._ended.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for pair in self._pairs:
            pair.end(reset=False)
        for thread in self._threads:
            thread.join(timeout=10)
        for pair in self._pairs:
            for side in pair.sides:
                side.close()

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:  # the listener was closed
                return
            if self._tls is not None:
                try:
                    client = self._tls.wrap_socket(client, server_side=True)
                except OSError:  # the client does not like us
                    client.close()
                    continue
            try:
                server = socket.create_connection(self._target)
            except OSError:  # nobody is there: the client learns it by a closed connection
                client.close()
                continue
            self.connections += 1
            pair = _Pair(client, server, flows=not self._stalls_new)
            self._pairs.append(pair)
            self._spawn(pair.pump, client, server, self)
            self._spawn(pair.pump, server, client, self)
