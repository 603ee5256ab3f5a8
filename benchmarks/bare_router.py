"""The least that a router does, in pika alone.

`python -m benchmarks.bare_router URL QUEUE EXCHANGE KEY` runs until it is ended.

What is consumed is read as JSON, published with the properties it came with, persistent and
mandatory, and acked once the broker has confirmed it: no envelope is checked, no listener looked
for, no connection made again. Two connections, as RabbitMQ advises, one for either way.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pika
from pika.adapters.select_connection import IOLoop
from pika.channel import Channel

#: As many as Durian's router has unacked at a time.
PREFETCH = 500


class BareRouter:
    """A queue's consumer that publishes to one key of an exchange."""

    def __init__(self, url: str, queue: str, exchange: str, key: str) -> None:
        self._queue = queue
        self._to = (exchange, key)
        self._loop = IOLoop()
        #: Delivery tags of what was received, by those of what was published for them, in order.
        self._unconfirmed: dict[int, int] = {}
        self._next_tag = 1
        self._incoming: Channel | None = None
        self._outgoing: Channel | None = None
        #: Channels that are not ready yet.
        self._missing = 2
        self._connect(url, self._out)
        self._connect(url, self._in)

    def run(self) -> None:
        """Route until the process is ended."""
        self._loop.start()

    def _connect(self, url: str, opened: Callable[[Channel], None]) -> None:
        pika.SelectConnection(
            pika.URLParameters(url),
            on_open_callback=lambda connection: connection.channel(on_open_callback=opened),
            custom_ioloop=self._loop,
        )

    def _out(self, channel: Channel) -> None:
        self._outgoing = channel
        channel.confirm_delivery(self._confirmed, callback=lambda _: self._begin())

    def _in(self, channel: Channel) -> None:
        self._incoming = channel
        channel.basic_qos(prefetch_count=PREFETCH, callback=lambda _: self._begin())

    def _begin(self) -> None:
        """Consume, once both channels are ready."""
        self._missing -= 1
        if not self._missing:
            assert self._incoming is not None
            self._incoming.basic_consume(self._queue, self._take)

    def _take(self, _: Channel, method: Any, properties: pika.BasicProperties, body: bytes) -> None:
        assert self._outgoing is not None
        json.loads(body)
        properties.delivery_mode = 2
        self._outgoing.basic_publish(*self._to, body, properties, mandatory=True)
        self._unconfirmed[self._next_tag] = method.delivery_tag
        self._next_tag += 1

    def _confirmed(self, frame: Any) -> None:
        """Ack what one confirm is for, together: tags of both channels come in the same order."""
        assert self._incoming is not None
        assert isinstance(frame.method, pika.spec.Basic.Ack), "the broker refused a message"
        tag, several = frame.method.delivery_tag, frame.method.multiple
        if several:
            while self._unconfirmed and (first := next(iter(self._unconfirmed))) <= tag:
                done = self._unconfirmed.pop(first)
            self._incoming.basic_ack(done, multiple=True)
        else:
            self._incoming.basic_ack(self._unconfirmed.pop(tag))


if __name__ == "__main__":
    BareRouter(*sys.argv[1:]).run()
