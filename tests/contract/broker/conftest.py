"""The brokers that keep the contract: every test of this folder runs against each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from durian.broker.memory import MemoryBroker
from durian.broker.port import Broker
from durian.broker.rabbit import RabbitBroker
from tests.support.broker import lose
from tests.support.rabbitmq import PrivateNode


class House:
    """A broker under test, and what can happen to it."""

    def __init__(
        self,
        broker: MemoryBroker | RabbitBroker,
        another: Callable[[], Broker],
        alarm: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self.broker = broker
        self._another = another
        #: Is short of memory for as long as this lasts; for tests that are marked `alone`.
        self.alarm = alarm

    def lose(self) -> None:
        """Cut what connects us to the broker; it comes back by itself."""
        lose(self.broker)

    def restart(self) -> Broker:
        """Stop, and connect again from nothing."""
        self.broker.stop()
        return self._another()


@pytest.fixture(params=["memory", pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """A running broker without any queue, of each kind."""
    made: list[Broker] = []
    if request.param == "memory":
        embedded = MemoryBroker()
        broker: MemoryBroker | RabbitBroker = embedded
        alarm: Callable[[], AbstractContextManager[None]] = embedded.alarm

        def another() -> Broker:
            broker.start()
            return broker

    else:
        url = request.getfixturevalue("amqp_url")
        broker = RabbitBroker(url, settle_s=0)

        def alarm() -> AbstractContextManager[None]:
            node: PrivateNode = request.getfixturevalue("mortal_rabbitmq")
            return node.alarm()

        def another() -> Broker:
            made.append(RabbitBroker(url, settle_s=0))
            made[-1].start()
            return made[-1]

    broker.start()
    yield House(broker, another, alarm)
    broker.stop()
    for other in made:
        other.stop()


@pytest.fixture
def broker(house: House) -> Broker:
    """The running broker."""
    return house.broker
