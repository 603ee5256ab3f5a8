from __future__ import annotations

import socket
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from amqp.exceptions import ConnectionForced

from durian.errors import BrokerBlocked, BrokerUnavailable
from durian.events import Event
from durian.events.amqp import encode
from durian.producers.ledger import Outgoing, Receipt
from durian.producers.link import Link
from durian.producers.policy import PublishPolicy
from tests.support.links import NOWHERE

#: Notices silence soon.
POLICY = PublishPolicy(confirm_timeout_s=0.01)


class Driver:
    """What py-amqp's connection and channel look like to a link; reads what it is told to."""

    def __init__(self) -> None:
        self.sock, self.broker = socket.socketpair()
        self.client_properties: dict[str, Any] = {"capabilities": {"connection.blocked": True}}
        self.on_blocked: Callable[[str], None]
        self.on_unblocked: Callable[[], None]
        self.events: dict[str, set[Callable[..., None]]] = defaultdict(set)
        self.fault: Exception | None = None
        self.frames: list[Callable[[], None]] = []
        self.collected = False

    def channel(self) -> Driver:
        if self.fault:
            raise self.fault
        return self

    def confirm_select(self) -> None:
        """Fine."""

    def prepare_message(self, body: bytes, **_properties: object) -> bytes:
        return body

    def basic_publish(self, _message: bytes, **_address: object) -> None:
        """Taken."""

    def arrives(self, frame: Callable[[], None]) -> None:
        """Let a frame arrive."""
        self.frames.append(frame)
        self.broker.sendall(b"!")

    def blocking_read(self) -> None:
        self.sock.recv(1)
        self.frames.pop(0)()

    def collect(self) -> None:
        self.collected = True
        self.sock.close()
        self.broker.close()


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    driver = Driver()
    monkeypatch.setattr("durian.producers.link.connect", lambda _url, _policy: driver)
    yield driver
    driver.collect()


def outgoing() -> Outgoing:
    event = Event(type="person")
    return Outgoing(event, encode(event))


def test_a_connection_without_a_channel_is_not_left_open(driver: Driver) -> None:
    driver.fault = ConnectionForced("going down")
    with pytest.raises(BrokerUnavailable, match="going down"):
        Link(NOWHERE, POLICY)
    assert driver.collected


def test_confirms_are_told_as_they_come(driver: Driver) -> None:
    link = Link(NOWHERE, POLICY)
    link.publish(outgoing(), "durian.events")
    assert link.collect(wait=False) == []
    (on_ack,) = driver.events["basic_ack"]
    driver.arrives(lambda: on_ack(1, False))  # noqa: FBT003 - py-amqp calls it so
    assert [receipt.error for receipt in link.collect(wait=True)] == [None]
    assert link.outstanding == 0


def test_confirms_that_came_before_a_fault_are_told_before_it(driver: Driver) -> None:
    def reset() -> None:
        raise ConnectionResetError(104, "reset by peer")

    link = Link(NOWHERE, POLICY)
    first, second, third = outgoing(), outgoing(), outgoing()
    link.publish(first, "durian.events")
    link.publish(second, "durian.events")
    (on_ack,) = driver.events["basic_ack"]
    driver.arrives(lambda: on_ack(1, False))  # noqa: FBT003 - py-amqp calls it so
    driver.arrives(reset)
    assert link.collect(wait=False) == [Receipt(first, None)]
    assert link.broken
    with pytest.raises(BrokerUnavailable, match="reset by peer"):
        link.publish(third, "durian.events")
    with pytest.raises(BrokerUnavailable, match="reset by peer"):
        link.collect(wait=True)
    assert link.take_back() == [second, third]


def test_a_confirm_that_does_not_come_breaks_the_link(driver: Driver) -> None:
    del driver
    link = Link(NOWHERE, POLICY)
    link.publish(outgoing(), "durian.events")
    with pytest.raises(BrokerUnavailable, match=r"did not confirm within 0\.01 s"):
        link.collect(wait=True)
    assert link.broken
    assert len(link.take_back()) == 1


def test_silence_of_a_broker_that_blocks_is_told_as_such(driver: Driver) -> None:
    link = Link(NOWHERE, POLICY)
    driver.arrives(lambda: driver.on_blocked("low on memory"))
    link.publish(outgoing(), "durian.events")
    with pytest.raises(BrokerBlocked):
        link.collect(wait=True)


def test_a_broker_that_blocks_no_more_is_told_as_silent(driver: Driver) -> None:
    link = Link(NOWHERE, POLICY)
    driver.arrives(lambda: driver.on_blocked("low on memory"))
    driver.arrives(driver.on_unblocked)
    link.publish(outgoing(), "durian.events")
    with pytest.raises(BrokerUnavailable) as caught:
        link.collect(wait=True)
    assert not isinstance(caught.value, BrokerBlocked)


def test_py_amqp_does_not_poll_before_each_publish(driver: Driver) -> None:
    Link(NOWHERE, POLICY)
    assert "connection.blocked" not in driver.client_properties["capabilities"]
