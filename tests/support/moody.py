"""A receiver on loopback whose mood a test changes."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


class MoodyReceiver:
    """An HTTP server that answers as it was told last; a context manager."""

    def __init__(self) -> None:
        self.status = 200
        self.body = "thanks"
        #: The headers of every request that came.
        self.received: list[dict[str, str]] = []
        moody = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def do_POST(self) -> None:  # the name http.server calls
                self.rfile.read(int(self.headers["content-length"]))
                moody.received.append({name.lower(): text for name, text in self.headers.items()})
                body = moody.body.encode()
                self.send_response(moody.status)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as in http.server
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
