"""Receive Durian's webhooks in Python, with the standard library alone.

WEBHOOK_SECRET=whsec_... PORT=9000 python receive.py
"""

import base64
import hmac
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
TOLERANCE_S = 300
MOST_BYTES = 4 * 1024 * 1024

handled = set()  # a service with several processes keeps these in its database, for some days


def verify(id_: str, timestamp: str, signatures: str, body: bytes) -> bool:
    """Tell whether a webhook is genuine and recent."""
    is_number = timestamp.isascii() and timestamp.isdigit()
    if not is_number or abs(time.time() - int(timestamp)) > TOLERANCE_S:
        return False  # too old, or from the future
    content = f"{id_}.{timestamp}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.digest(SECRET, content, "sha256"))
    return any(hmac.compare_digest(expected, given.encode()) for given in signatures.split())


class Receiver(BaseHTTPRequestHandler):
    """Answers POST."""

    def do_POST(self) -> None:
        """Verify a webhook, and handle it unless it was handled before."""
        body = self.rfile.read(min(int(self.headers["content-length"]), MOST_BYTES))
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        id_, timestamp, signatures = (self.headers.get(name, "") for name in names)
        if not verify(id_, timestamp, signatures, body):
            return self.answer(401)
        if id_ not in handled:
            print(self.headers.get("ce-type"), body.decode(), flush=True)
            handled.add(id_)
        return self.answer(204)

    def answer(self, status: int) -> None:
        """Send an answer without a body."""
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Receiver)
print("listening", flush=True)
server.serve_forever()
