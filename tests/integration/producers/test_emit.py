from __future__ import annotations

import contextlib
import os
import socket
import threading
import traceback
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from durian.errors import (
    BrokerRefused,
    BrokerUnavailable,
    PublishRejected,
    QueueMissing,
    Unroutable,
)
from durian.events import Event, Message, amqp
from durian.producers import PartlyEmitted, Producer, PublishPolicy
from tests.support.declared import House
from tests.support.rabbitmq import Node, free_ports

pytestmark = pytest.mark.rabbitmq

#: Gives up at once.
ONCE = PublishPolicy(attempts=1)


@contextlib.contextmanager
def a_user(rabbitmq: Node, house: House, *, write: str) -> Iterator[str]:
    """The URL of a user who may write to what `write` names, and nothing else."""
    name = f"user-{uuid.uuid4().hex[:8]}"
    vhost = house.url.rpartition("/")[2]
    rabbitmq.api("PUT", f"/users/{name}", {"password": "pw", "tags": ""})
    permissions = {"configure": "", "write": write, "read": ""}
    rabbitmq.api("PUT", f"/permissions/{vhost}/{name}", permissions)
    try:
        yield rabbitmq.vhost_url(vhost, f"{name}:pw")
    finally:
        rabbitmq.api("DELETE", f"/users/{name}")


def bind_other_exchange(house: House, key: str) -> None:
    """Make an events exchange that routes nothing but one type."""
    with house.channel() as channel:
        channel.exchange_declare("other.events", "topic", durable=True)
        channel.queue_bind(house.topology.route, "other.events", key)


def test_an_event_arrives_as_it_was_emitted(house: House) -> None:
    with Producer(house.url) as producer:
        event = producer.emit("person", {"name": "Jöe"}, subject="joe")
    ((properties, body),) = house.take()
    message = Message(
        body=body,
        headers=properties.headers or {},
        content_type=properties.content_type,
        routing_key="person",
    )
    assert amqp.decode(message) == (event,)
    assert properties.delivery_mode == 2
    assert properties.message_id == event.id


def test_many_events_arrive_in_order(house: House) -> None:
    events = [Event(type="person", data={"number": number}) for number in range(2000)]
    with Producer(house.url) as producer:
        assert producer.emit_many(events) == 2000
    assert house.ids() == [event.id for event in events]


def test_an_event_larger_than_a_frame_arrives(house: House) -> None:
    with Producer(house.url) as producer:
        event = producer.emit("person", {"name": "x" * 500_000})
    ((_, body),) = house.take()
    assert body == event.body


def test_threads_share_a_producer(house: House) -> None:
    sent: list[str] = []

    def emit_some() -> None:
        sent.extend(producer.emit("person", number).id for number in range(20))

    with Producer(house.url, connections=3) as producer:
        threads = [threading.Thread(target=emit_some) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
    assert len(sent) == 120
    assert sorted(house.ids()) == sorted(sent)


def test_permission_to_write_to_the_events_exchange_is_all_it_needs(
    rabbitmq: Node, house: House
) -> None:
    with a_user(rabbitmq, house, write=r"durian\.events") as url, Producer(url) as producer:
        event = producer.emit("person")
    assert house.ids() == [event.id]


def test_without_that_permission_the_user_is_told(rabbitmq: Node, house: House) -> None:
    with a_user(rabbitmq, house, write="") as url, Producer(url) as producer:
        with pytest.raises(BrokerRefused, match=r"durian\.events"):
            producer.emit("person")
        with pytest.raises(PartlyEmitted) as caught:
            producer.emit_many([Event(type="person")])
    assert isinstance(caught.value.__cause__, BrokerRefused)


def test_a_wrong_password_is_a_refusal(rabbitmq: Node, house: House) -> None:
    vhost = house.url.rpartition("/")[2]
    with (
        Producer(rabbitmq.vhost_url(vhost, "guest:hunter2")) as producer,
        pytest.raises(BrokerRefused, match="Login was refused") as caught,
    ):
        producer.emit("person")
    assert "hunter2" not in str(caught.value)


def test_an_unknown_virtual_host_is_a_refusal(rabbitmq: Node) -> None:
    with (
        Producer(rabbitmq.vhost_url("nowhere")) as producer,
        pytest.raises(BrokerRefused, match="vhost nowhere not found"),
    ):
        producer.emit("person")


def test_a_limit_of_connections_is_no_fault_of_the_virtual_host(
    rabbitmq: Node, amqp_url: str
) -> None:
    vhost = amqp_url.rpartition("/")[2]
    rabbitmq.api("PUT", f"/vhost-limits/{vhost}/max-connections", {"value": 0})
    with Producer(amqp_url) as producer, pytest.raises(BrokerRefused, match="limit") as caught:
        producer.emit("person")
    assert type(caught.value) is BrokerRefused


def test_without_topology_it_says_what_to_run(amqp_url: str) -> None:
    with (
        Producer(amqp_url) as producer,
        pytest.raises(QueueMissing, match=r"durian topology --declare") as caught,
    ):
        producer.emit("person")
    assert "durian.events" in caught.value.message


def test_an_event_that_reaches_no_queue_is_an_error(house: House) -> None:
    bind_other_exchange(house, "wanted")
    with Producer(house.url, prefix="other") as producer:
        with pytest.raises(Unroutable, match="of type unwanted"):
            producer.emit("unwanted")
        wanted = producer.emit("wanted")  # the connection is fine
    assert house.ids() == [wanted.id]


def test_of_many_events_the_unroutable_are_named(house: House) -> None:
    bind_other_exchange(house, "wanted")
    events = [Event(type="unwanted" if number == 7 else "wanted") for number in range(20)]
    with Producer(house.url, prefix="other") as producer, pytest.raises(PartlyEmitted) as caught:
        producer.emit_many(iter(events))
    partly = caught.value
    assert isinstance(partly.__cause__, Unroutable)
    assert partly.unconfirmed == (events[7],)
    unread = list(partly.unread)
    assert house.ids() == [e.id for e in events if e is not events[7] and e not in unread]
    assert partly.confirmed == 20 - 1 - len(unread)


def test_a_full_queue_that_rejects_is_an_error(house: House) -> None:
    arguments = {"x-max-length": 1, "x-overflow": "reject-publish"}
    with house.channel() as channel:
        channel.exchange_declare("full.events", "fanout", durable=True)
        channel.queue_declare("full", durable=True, arguments=arguments)
        channel.queue_bind("full", "full.events")
    quick = PublishPolicy(attempts=2, first_pause_s=0.01)
    with Producer(house.url, prefix="full", policy=quick) as producer:
        producer.emit("person")
        with pytest.raises(PublishRejected, match="did not take event"):
            producer.emit("person")


def test_where_nothing_listens_the_next_broker_is_used(house: House) -> None:
    (port,) = free_ports(1)
    with Producer(f"amqp://127.0.0.1:{port};{house.url}") as producer:
        event = producer.emit("person")
    assert house.ids() == [event.id]


def test_where_nothing_listens_at_all_the_error_says_so() -> None:
    (port,) = free_ports(1)
    with (
        Producer(f"amqp://127.0.0.1:{port}", policy=ONCE) as producer,
        pytest.raises(BrokerUnavailable, match=f"127.0.0.1:{port}.*nothing listens there"),
    ):
        producer.emit("person")


def test_a_port_that_speaks_no_amqp_is_an_error(house: House) -> None:
    del house
    with (
        contextlib.closing(Babbler()) as babbler,
        Producer(babbler.url, policy=ONCE) as producer,
        pytest.raises(BrokerUnavailable, match=r"127\.0\.0\.1"),
    ):
        producer.emit("person")


def test_a_forked_child_opens_a_connection_of_its_own(house: House, tmp_path: Path) -> None:
    with Producer(house.url) as producer:
        before = producer.emit("person", "before")
        pid = os.fork()
        if pid == 0:
            status = 1
            with contextlib.suppress(BaseException):  # nothing may run a second pytest
                try:
                    event = producer.emit("person", "child")
                    (tmp_path / "id").write_text(event.id)
                    producer.close()
                    status = 0
                except BaseException:
                    traceback.print_exc()
                    raise
            os._exit(status)
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        after = producer.emit("person", "after")
    child = (tmp_path / "id").read_text()
    assert house.ids() == [before.id, child, after.id]


class Babbler:
    """A server that answers every connection with what a web server says."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"amqp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection:
                    connection.recv(100)
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    def close(self) -> None:
        """Listen no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=10)
