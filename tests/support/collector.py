"""Takes the spans that processes send, as an OpenTelemetry collector does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: The variable that tells a process where it is.
VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT"


class Collector:
    """What was sent: paths, and bodies in OTLP's protobuf."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.taken: list[tuple[str, bytes]] = []

    def holds(self, *parts: bytes) -> bool:
        """Whether all of these stand in one of the bodies."""
        return any(all(part in body for part in parts) for _, body in self.taken)


@contextmanager
def collecting() -> Iterator[Collector]:
    """Take spans for the length of a block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.taken.append((self.path, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector = Collector(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
