"""An archive with events in it, and a registry with listeners to replay it to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from durian.broker import blocking
from durian.broker.memory import MemoryBroker
from durian.broker.port import Address, Broker
from durian.broker.topology import Topology
from durian.consumers.delivery import Delivery
from durian.consumers.hand import Hand
from durian.consumers.replay import Replayer
from durian.consumers.side_queue import BROWSE_MOST
from durian.errors import QueueMissing
from durian.events import Event, amqp
from durian.events.message import Message
from durian.registry.replay import Replay
from durian.registry.store import Store
from tests.support.registry import listener, make_registry, secret

NAMES = Topology()


def events(count: int, **fields: Any) -> list[Event]:
    """Events e0, e1, ... of type person; every other one is called Joe."""
    names = ("Joe", "Bo")
    given: dict[str, Any] = {"source": "/s", "type": "person"} | fields
    return [
        Event(id=f"e{number}", data={"name": names[number % 2], "number": number}, **given)
        for number in range(count)
    ]


class Scene:
    """A broker with the topology, a registry, and joe, who wants persons called Joe."""

    def __init__(self, broker: Broker, store: Store) -> None:
        self.broker = broker
        self.store = store
        self.stop = threading.Event()
        self.told: list[tuple[int, int]] = []
        blocking.declare_all(broker, NAMES.house())
        self.add("joe", filter='{"name":"Joe"}')

    def add(self, listener_id: str, **fields: Any) -> None:
        self.store.add_listener(listener(listener_id, **fields), secret())

    def emit(self, events: Iterable[Event]) -> None:
        self.publish(amqp.encode(event) for event in events)

    def publish(self, messages: Iterable[Message]) -> None:
        """Publish messages as a producer does; a routing key they name is theirs."""
        batch = [
            (message, Address(NAMES.events, message.routing_key or "person"))
            for message in messages
        ]
        blocking.publish_all(self.broker, batch)

    def replayer(self, store: Any = None) -> Replayer:
        return Replayer(
            self.broker,
            NAMES,
            store or self.store,
            stop=self.stop,
            progress=lambda done, total: self.told.append((done, total)),
        )

    def replay(self, replay_id: str = "r-1", **fields: Any) -> Replay:
        """Begin a replay to joe, of everything unless a field says less."""
        return self.replayer().begin(asked(replay_id, **fields))

    def has_told(self, times: int) -> bool:
        """Tell whether a replay has spoken of its progress so often."""
        return len(self.told) >= times

    def sent(self, listener_id: str = "joe") -> list[Delivery]:
        return sent_to(self.broker, listener_id)

    def ids(self, listener_id: str = "joe") -> list[str]:
        return [delivery.event_id for delivery in self.sent(listener_id)]

    def routed(self) -> int:
        """How many messages wait for the router."""
        return blocking.count(self.broker, NAMES.route)


def sent_to(broker: Broker, listener_id: str) -> list[Delivery]:
    """What lies in a listener's queue, in order; it stays there. Nothing, where no queue is yet."""
    queue = NAMES.listener_queue(listener_id)
    try:
        count = blocking.count(broker, queue)
    except QueueMissing:
        return []
    found: list[Delivery] = []
    if count:
        with Hand(broker, queue, prefetch=min(count, BROWSE_MOST)) as hand:
            taken = (hand.take() for _ in range(count))
            found = [Delivery.of(listener_id, one.message) for one in taken if one is not None]
    return found


def asked(replay_id: str = "r-1", **fields: Any) -> Replay:
    """A replay to joe."""
    given: dict[str, Any] = {"id": replay_id, "listener_id": "joe"}
    return Replay(**given | fields)


def embedded(folder: Path) -> Scene:
    """A scene on the embedded broker and SQLite; stop its broker and close its store."""
    url = f"sqlite:///{folder}/durian.db"
    make_registry(url)
    broker = MemoryBroker()
    broker.start()
    return Scene(broker, Store.open(url))


def ago(seconds: float) -> float:
    """A moment in seconds since the epoch."""
    return time.time() - seconds
