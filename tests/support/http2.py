"""Receivers that speak HTTP/2, for senders that do."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import h2.events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError

from tests.support.certificates import Certificate, server_context
from tests.support.receivers import Behaviour, Connection


@dataclass
class Asked:
    """One request, on a stream of its own."""

    stream: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Http2Connection:
    """A connection that speaks HTTP/2, with the verbs that behaviour is made of.

    Args:
        connection: What it speaks on.
        heard: Called with every request that is complete.
    """

    def __init__(
        self, connection: Connection, heard: Callable[[Http2Connection, Asked], None]
    ) -> None:
        self.wire = connection
        #: Requests so far, complete or not.
        self.asked: dict[int, Asked] = {}
        #: Streams that the sender gave up.
        self.given_up: list[int] = []
        self._heard = heard
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))

    def run(self) -> None:
        """Hear requests until the sender has gone."""
        self.h2.initiate_connection()
        self.flush()
        # Once it has said farewell, the library takes whatever comes for a mistake.
        with contextlib.suppress(ProtocolError):
            while data := self.wire.sock.recv(65536):
                for event in self.h2.receive_data(data):
                    self._take(event)
                self.flush()

    def answer(
        self,
        stream: int,
        status: int = 200,
        body: bytes = b"ok",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Answer a request."""
        self.h2.send_headers(stream, [(":status", str(status)), *headers])
        self.h2.send_data(stream, body, end_stream=True)

    def reset(self, stream: int, code: ErrorCodes = ErrorCodes.INTERNAL_ERROR) -> None:
        """Break one stream off."""
        self.h2.reset_stream(stream, code)

    def flush(self) -> None:
        """Send what there is to send."""
        self.wire.send(self.h2.data_to_send())

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived():
                headers = {str(name): str(value) for name, value in event.headers}
                self.asked[event.stream_id] = Asked(event.stream_id, headers)
            case h2.events.DataReceived():
                self.asked[event.stream_id].body += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                self._heard(self, self.asked[event.stream_id])
            case h2.events.StreamReset():
                self.given_up.append(event.stream_id)


def speaking_http2(heard: Callable[[Http2Connection, Asked], None]) -> Behaviour:
    """Speak HTTP/2, and call `heard` with every request."""
    return lambda connection: Http2Connection(connection, heard).run()


def http2_context(certificate: Certificate, folder: Path) -> ssl.SSLContext:
    """Make a server's TLS context that chooses HTTP/2 if it is offered."""
    context = server_context(certificate, folder)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context
