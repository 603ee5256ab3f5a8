"""The HTTP server of a listening endpoint: standard library only, one thread a connection."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol

from durian.console.bind import refused
from durian.console.endpoint.arrival import Arrival, Verify

#: Larger bodies are refused: an event is at most 1 MiB, its envelope little more.
MAX_BODY_BYTES = 4 * 1024 * 1024
#: Seconds a connection may stay silent.
IDLE_S = 30.0


#: Names and values, in the order of the wire.
Headers = tuple[tuple[str, str], ...]


class Answers(Protocol):
    """What an endpoint answers."""

    @property
    def delay_s(self) -> float:
        """Seconds before an answer."""

    def next_status(self, path: str) -> int:
        """The status of the next answer to a path."""


class Endpoint:
    """A listening endpoint on one address; `on_arrival` is told of every request, in turn.

    What `forward` makes of a request is its answer, where it is given.

    Raises InvalidSettings when the address cannot be listened at.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        verify: Verify,
        answers: Answers,
        on_arrival: Callable[[Arrival], None],
        forward: Callable[[Headers, bytes], int] | None = None,
    ) -> None:
        self._verify = verify
        self._answers = answers
        self._on_arrival = on_arrival
        self._forward = forward
        self._numbers = itertools.count(1)
        self._in_turn = threading.Lock()
        self._stopping = threading.Event()
        try:
            self._server = _Server((host, port), _Handler)
        except (OSError, OverflowError) as exc:
            raise refused(host, port, exc, "Choose another with --port.") from exc
        self._server.endpoint = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="endpoint"
        )

    @property
    def url(self) -> str:
        """Where it listens, with the port that was taken."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; answers that are delayed are given at once."""
        self._stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def receive(self, method: str, path: str, headers: Headers, body: bytes) -> int:
        """Judge one request, tell of it, and give the status to answer."""
        by_name = {name.lower(): value for name, value in headers}
        reason = self._verify(path, by_name, body)
        status = self._forward(headers, body) if self._forward else self._answers.next_status(path)
        self._stopping.wait(self._answers.delay_s)
        with self._in_turn:
            self._on_arrival(
                Arrival(
                    number=next(self._numbers),
                    at=time.time(),
                    method=method,
                    path=path,
                    headers=headers,
                    body=body,
                    verified=None if reason is None else not reason,
                    reason="no secret was given to verify it with" if reason is None else reason,
                    answered=status,
                )
            )
        return status


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    endpoint: Endpoint

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_S
    #: One packet an answer: without it every answer waits for a delayed ACK of the client.
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def do_POST(self) -> None:
        """Receive a webhook."""
        body = self._body()
        if body is None:
            return
        headers = tuple(self.headers.items())
        status = self.server.endpoint.receive(self.command, self.path, headers, body)
        self._answer(status, b"" if status in (204, 304) else b"thanks\n")

    def do_GET(self) -> None:
        """Tell that it listens: for people's browsers and for health checks."""
        self._answer(200, b"listening for webhooks (POST)\n")

    def _body(self) -> bytes | None:
        """Read the body, or answer why it cannot be read."""
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            self.close_connection = True
            self._answer(411, b"a Content-Length is needed\n")
            return None
        if int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            self._answer(413, b"too large\n")
            return None
        return self.rfile.read(int(length))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if status not in (204, 304):
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is given
        """Say nothing: `on_arrival` tells."""
