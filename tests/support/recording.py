"""A receiver that writes what arrives into a history: the far end of the fault tests."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from durian.events import http
from durian.events.media import BATCH
from tests.support.history import History

#: The status to answer a POST with, by its path and event id; 0 for none at all.
Answer = Callable[[str, str], int]

#: Whether the headers of a POST to a path sign its body.
Trust = Callable[[str, Mapping[str, str], bytes], bool]


def _fine(_path: str, _event_id: str) -> int:
    return 200


def _trusting(_path: str, _headers: Mapping[str, str], _body: bytes) -> bool:
    return True


class RecordingReceiver:
    """An HTTP/1.1 server on loopback; a context manager."""

    def __init__(self, history: History, answer: Answer = _fine, trust: Trust = _trusting) -> None:
        behaviour = {
            "history": history,
            "answer": staticmethod(answer),
            "trust": staticmethod(trust),
        }
        handler = type("Handler", (_Handler,), behaviour)
        self._server = _Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _events_in(headers: Mapping[str, str], body: bytes) -> list[tuple[str, str, bytes]]:
    """The events of a POST: id, webhook-id and data; in batches no event has a webhook-id."""
    if headers["content-type"] == BATCH:
        return [(event.id, "", event.body) for event in http.decode(headers, body)]
    return [(headers["ce-id"], headers["webhook-id"], body)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Processes come back all at once, with a connection for each attempt.
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of senders that were killed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A reply in one segment: without it every POST waits 40 ms for the client's delayed ACK.
    wbufsize = -1
    disable_nagle_algorithm = True
    history: History
    answer: Answer
    trust: Trust

    def do_POST(self) -> None:  # the name http.server calls
        length = int(self.headers["content-length"])
        body = self.rfile.read(length)
        if len(body) < length:  # the sender was killed in the middle: nothing has arrived
            self.close_connection = True
            return
        headers = dict(self.headers.items())
        events = _events_in(headers, body)
        # One that is refused, or told nothing, fails all that came with it.
        codes = [type(self).answer(self.path, event_id) for event_id, *_ in events]
        code = max(codes) if all(codes) else 0
        if not code:
            self.close_connection = True
            return
        trusted = type(self).trust(self.path, headers, body)
        for event_id, webhook_id, data in events:
            if code in range(200, 300):
                self.history.receive(self.path, event_id, webhook_id, data)
            if not trusted:
                self.history.distrust(self.path, event_id)
        self.send_response(code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as in http.server
        """Say nothing."""
