"""The topology declared in a virtual host, and a look into its queues, for tests of producers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import islice

import pika
from pika.adapters.blocking_connection import BlockingChannel

from durian.broker.parts import Exchange, Queue
from durian.broker.topology import Topology


class House:
    """The topology in a virtual host, seen from behind; connects anew for each look."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.topology = Topology()

    @contextlib.contextmanager
    def channel(self) -> Iterator[BlockingChannel]:
        """A channel of a connection of its own."""
        with contextlib.closing(pika.BlockingConnection(pika.URLParameters(self.url))) as opened:
            yield opened.channel()

    def declare(self) -> None:
        """Declare everything that `durian topology --declare` does."""
        with self.channel() as channel:
            for part in self.topology.house():
                if isinstance(part, Exchange):
                    arguments = dict(part.arguments)
                    channel.exchange_declare(
                        part.name, part.kind, durable=True, arguments=arguments
                    )
                elif isinstance(part, Queue):
                    arguments = dict(part.arguments)
                    channel.queue_declare(part.name, durable=True, arguments=arguments)
                else:
                    channel.queue_bind(part.queue, part.exchange, part.key)

    def take(self) -> list[tuple[pika.BasicProperties, bytes]]:
        """Take all events out of the queue of the router."""
        taken: list[tuple[pika.BasicProperties, bytes]] = []
        with self.channel() as channel:
            taken += self._stream(channel)
            # Whatever the count left out; one by one is slow, but has no end to guess.
            while True:
                method, properties, body = channel.basic_get(self.topology.route, auto_ack=True)
                if method is None or properties is None or body is None:
                    return taken
                taken.append((properties, body))

    def _stream(self, channel: BlockingChannel) -> Iterator[tuple[pika.BasicProperties, bytes]]:
        """Take as many as the queue says it has."""
        queue = self.topology.route
        count = channel.queue_declare(queue, passive=True).method.message_count
        if count:
            coming = channel.consume(queue, auto_ack=True, inactivity_timeout=5)
            for _, properties, body in islice(coming, count):
                if properties is None or body is None:
                    break
                yield properties, body
            assert channel.cancel() == 0, "more came than the queue said it had"

    def ids(self) -> list[str]:
        """Take all events out of the queue of the router; tell their ids."""
        return [str(properties.message_id) for properties, _ in self.take()]
