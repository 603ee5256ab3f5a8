"""A minimal HTTP/1.1 server that counts POSTs, at some 17 us of CPU each, by uvloop.

It understands what webhook senders send: a head, `Content-Length`, keep-alive, pipelining. It is
no web server: chunked requests are refused, and nothing is limited.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from array import array
from datetime import UTC, datetime
from typing import cast

#: What is never counted: `GET /-/stats` tells, `POST /-/reset` begins anew.
CONTROL = b"/-/"

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TIME = re.compile(rb"\r\nce-time: *([^\r]+)", re.IGNORECASE)
_ID = re.compile(rb"\r\nwebhook-id: *([^\r]+)", re.IGNORECASE)

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_BAD = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Count:
    """What has arrived since the last reset."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.received = 0
        self.first_at = 0.0
        self.last_at = 0.0
        self.latencies_s = array("d")
        self.distinct: set[bytes] = set()

    def add(self, target: bytes, head: bytes) -> None:
        """Count one POST: by its path and `webhook-id`, late by its age as `ce-time` tells."""
        now = time.time()
        self.received += 1
        self.first_at = self.first_at or now
        self.last_at = now
        if (sent := _TIME.search(head)) is not None:
            self.latencies_s.append(now - seconds(sent[1].decode()))
        if (name := _ID.search(head)) is not None:
            self.distinct.add(target + b" " + name[1])

    def stats(self) -> bytes:
        """Everything as JSON; times in seconds since the epoch, latencies in milliseconds."""
        ordered = sorted(self.latencies_s)

        def percentile_ms(share: float) -> float | None:
            return ordered[int(share * (len(ordered) - 1))] * 1000 if ordered else None

        return json.dumps(
            {
                "received": self.received,
                "distinct": len(self.distinct),
                "first_at": self.first_at,
                "last_at": self.last_at,
                "p50_ms": percentile_ms(0.50),
                "p99_ms": percentile_ms(0.99),
                "max_ms": percentile_ms(1.0),
            }
        ).encode()


def seconds(text: str) -> float:
    """Read RFC 3339 as seconds since the epoch; UTC where no zone is given."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


class Connection(asyncio.Protocol):
    """One connection of a sender."""

    def __init__(self, count: Count, delay_s: float) -> None:
        self._count = count
        self._delay_s = delay_s
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        # uvloop's is none by inheritance.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = _LENGTH.search(head)
            if length is None and not head.startswith(b"GET "):
                self._send(_BAD)
                return
            total = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < total:
                return
            self._buffer = self._buffer[total:]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        target = head.split(b" ", 2)[1]
        if not target.startswith(CONTROL):
            self._count.add(target, head)
            if self._delay_s:
                asyncio.get_running_loop().call_later(self._delay_s, self._send, _OK)
            else:
                self._send(_OK)
        elif target == CONTROL + b"reset":
            self._count.reset()
            self._send(_OK)
        else:
            body = self._count.stats()
            self._send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    def _send(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


async def serve(port: int, delay_s: float) -> None:
    """Listen on a loopback port (0: any) until cancelled; print the port."""
    count = Count()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(count, delay_s), "127.0.0.1", port, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
