"""What RabbitMQ refuses is told to whoever asked, and disturbs nobody else."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pika
import pytest
from pika import BasicProperties

from durian.broker.blocking import count, declare_all, publish_all
from durian.broker.parts import Queue
from durian.broker.port import Address
from durian.broker.rabbit import RabbitBroker, outgoing
from durian.errors import BrokerRefused, PermissionRefused
from durian.events.message import Message
from tests.support.broker import CLASSIC, Inbox, Outcome, eventually, plain_queue, put, text
from tests.support.rabbitmq import Node, PrivateNode

pytestmark = pytest.mark.rabbitmq


@pytest.fixture
def limited(rabbitmq: Node, broker: RabbitBroker, amqp_url: str) -> Iterator[RabbitBroker]:
    """A user who may write to the exchange `x`, read the queue `q`, and configure nothing."""
    plain_queue(broker, "q")
    plain_queue(broker, "secret")
    user, vhost = f"user-{uuid.uuid4().hex[:8]}", urlsplit(amqp_url).path[1:]
    rabbitmq.api("PUT", f"/users/{user}", {"password": "pw", "tags": ""})
    permissions = {"configure": "^$", "write": "^x$", "read": "^q$"}
    rabbitmq.api("PUT", f"/permissions/{vhost}/{user}", permissions)
    limited = RabbitBroker(rabbitmq.vhost_url(vhost, f"{user}:pw"))
    limited.start()
    yield limited
    limited.stop()
    rabbitmq.api("DELETE", f"/users/{user}")


def test_declaring_without_permission_is_refused(limited: RabbitBroker) -> None:
    with pytest.raises(PermissionRefused, match="access to queue 'new'"):
        declare_all(limited, [Queue("new", CLASSIC)])
    assert count(limited, "q") == 0


def test_publishing_without_permission_is_refused(
    broker: RabbitBroker, limited: RabbitBroker
) -> None:
    refused, fine = Outcome(), Outcome()
    limited.publish(text("1"), Address("amq.fanout", ""), refused)
    limited.publish(text("1"), Address("x", "q"), fine)
    assert isinstance(refused.wait(), BrokerRefused)
    assert fine.wait() is None
    eventually(lambda: count(broker, "q") == 1)


def test_consuming_without_permission_ends_that_subscription_only(limited: RabbitBroker) -> None:
    inbox, lost = Inbox(), Outcome()
    limited.consume("q", inbox, prefetch=5)
    limited.consume("secret", Inbox(), prefetch=5, on_lost=lost)
    error = lost.wait()
    assert isinstance(error, BrokerRefused)
    assert "secret" in str(error)
    put(limited, Address("x", "q"), "1")
    inbox.wait(1)


@pytest.mark.parametrize(
    "message",
    [
        text("1", long="x" * outgoing.MAX_HEADER_BYTES),
        text("1", **{f"h{number}": "ä" * 30_000 for number in range(2)}),
        text("1", **{"n" * 300: "a header's name of more than 255 bytes"}),
        Message(body=b"1", content_type="x" * 300),
        Message(body=b"1", message_id="\udcff"),
        Message(body=b"1", timestamp=-1),
    ],
    ids=["headers", "umlauts", "name", "property", "surrogate", "timestamp"],
)
def test_what_is_no_amqp_is_refused_before_it_is_sent(
    broker: RabbitBroker, message: Message
) -> None:
    to = plain_queue(broker)
    refused, fine = Outcome(), Outcome()
    broker.publish(message, to, refused)
    broker.publish(text("2"), to, fine)
    assert isinstance(refused.wait(), BrokerRefused)
    assert fine.wait() is None
    assert count(broker, "q") == 1


def test_headers_up_to_the_limit_are_taken(broker: RabbitBroker) -> None:
    to = plain_queue(broker)
    keys = tuple("k" * 255 for _ in range(63))
    message = text("1", long="ä" * (outgoing.MAX_HEADER_BYTES // 2 - 16_500))
    publish_all(broker, [(message, Address(to.exchange, to.routing_key, keys))])
    with pytest.raises(BrokerRefused, match="headers take"):
        publish_all(
            broker, [(text("1", long="x" * 90_000), Address(to.exchange, to.routing_key, keys))]
        )


def test_a_name_that_is_too_long_is_refused(broker: RabbitBroker) -> None:
    with pytest.raises(BrokerRefused):
        declare_all(broker, [Queue("q" * 300, CLASSIC)])
    to = plain_queue(broker)
    with pytest.raises(BrokerRefused):
        publish_all(broker, [(text("1"), Address("x", "k" * 300))])
    put(broker, to, "1")


def test_the_one_message_that_is_too_large_is_found(
    mortal_rabbitmq: PrivateNode, amqp_url: str
) -> None:
    mortal_rabbitmq.ctl("eval", "application:set_env(rabbit, max_message_size, 100000).")
    try:
        broker = RabbitBroker(amqp_url)
        broker.start()
        to = plain_queue(broker)
        outcomes = [Outcome() for _ in range(60)]
        for number, outcome in enumerate(outcomes):
            size = 200_000 if number in (20, 40) else 10
            broker.publish(Message(body=b"x" * size), to, outcome)
        errors = [outcome.wait() for outcome in outcomes]
        assert [number for number, error in enumerate(errors) if error] == [20, 40]
        assert isinstance(errors[20], BrokerRefused)
        assert count(broker, "q") >= 58
        broker.stop()
    finally:
        mortal_rabbitmq.ctl("eval", "application:set_env(rabbit, max_message_size, 134217728).")


class RawProperties(BasicProperties):
    """Properties whose headers are written by hand."""

    def __init__(self, table: bytes) -> None:
        super().__init__()
        self.table = table

    def encode(self) -> list[bytes]:
        flags = BasicProperties.FLAG_HEADERS
        return [struct.pack(">HI", flags, len(self.table)), self.table]


def test_strange_headers_do_not_stop_a_queue(broker: RabbitBroker, amqp_url: str) -> None:
    plain_queue(broker)
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = connection.channel()
    milliseconds = b"\x02atT" + struct.pack(">Q", 1_800_000_000_000) + b"\x02idS\x00\x00\x00\x011"
    channel.basic_publish("x", "q", b"1", RawProperties(milliseconds))
    when = datetime(2026, 1, 1, tzinfo=UTC)
    channel.basic_publish(
        "x", "q", b"2", BasicProperties(headers={"at": when, "list": [1, True, None, b"\xff"]})
    )
    channel.basic_publish("x", "q", b"3", BasicProperties(type=b"\xff"))  # type: ignore[arg-type]  # a stranger's bytes
    connection.close()
    inbox = Inbox()
    broker.consume("q", inbox, prefetch=10)
    first, second, third = (received.message for received in inbox.wait(3))
    assert first.headers == {"at": None, "id": "1"}
    assert second.headers == {"at": when, "list": [1, True, None, b"\xff"]}
    assert third.type == "\N{REPLACEMENT CHARACTER}"
    assert [received.redelivered for received in inbox.wait(3)] == [False] * 3
