"""A look into the queues of a virtual host from outside: not by the code under test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import pika
from pika.adapters.blocking_connection import BlockingChannel

from tests.support.cli import PATIENCE_S
from tests.support.rabbitmq import Node


@dataclass(frozen=True, slots=True)
class Held:
    """A message that lies in a queue."""

    routing_key: str
    event_id: str
    body: bytes


class Queues:
    """The queues of one virtual host; connects anew for each look."""

    def __init__(self, node: Node, url: str) -> None:
        self._node = node
        self._url = url
        self._vhost = unquote(urlsplit(url).path[1:])

    def names(self) -> list[str]:
        """All queues there are."""
        found = self._node.api("GET", f"/queues/{self._vhost}?disable_stats=true&columns=name")
        assert isinstance(found, list)
        return [queue["name"] for queue in found]

    def ready(self, names: Iterable[str]) -> Mapping[str, int]:
        """How many messages are ready in some queues; what is unacked does not count."""
        with self._channel() as channel:
            return {
                name: channel.queue_declare(name, passive=True).method.message_count
                for name in names
            }

    def read(self, name: str) -> list[Held]:
        """Everything that is ready in a queue; it stays there."""
        held: list[Held] = []
        # Consumed and not gotten, which queues with a single active consumer do not know. What is
        # not acked goes back when the connection is closed.
        with self._channel() as channel:
            left = channel.queue_declare(name, passive=True).method.message_count
            messages = channel.consume(name, inactivity_timeout=PATIENCE_S)
            while left > 0:
                left -= 1
                method, properties, body = next(messages)
                assert method is not None, f"{name} keeps what it has"
                headers = (properties and properties.headers) or {}
                event_id = str(headers.get("ce-id", ""))
                held.append(Held(method.routing_key or "", event_id, body or b""))
        return held

    def set_policy(self, name: str, pattern: str, definition: Mapping[str, object]) -> None:
        """Give queues a policy, as an operator may."""
        body = {"pattern": pattern, "definition": definition, "apply-to": "queues"}
        self._node.api("PUT", f"/policies/{self._vhost}/{name}", body)

    def delete_policy(self, name: str) -> None:
        """Take a policy away."""
        self._node.api("DELETE", f"/policies/{self._vhost}/{name}")

    @contextlib.contextmanager
    def _channel(self) -> Iterator[BlockingChannel]:
        with contextlib.closing(pika.BlockingConnection(pika.URLParameters(self._url))) as opened:
            yield opened.channel()
