"""Messages that plain pika publishes, with no library of ours, are delivered."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pika
import pytest

from tests.support.cli import Running, durian
from tests.support.registry import put_registry

pytestmark = pytest.mark.rabbitmq

BODY = b'{"name": "Joe"}'

BINARY = pika.BasicProperties(
    content_type="application/json",
    headers={"ce-specversion": "1.0", "ce-id": "b1", "ce-source": "/shop", "ce-type": "person"},
)
STRUCTURED = pika.BasicProperties(content_type="application/cloudevents+json")
PLAIN = pika.BasicProperties(content_type="application/json", message_id="p1")

ENVELOPE = b'{"specversion":"1.0","id":"s1","source":"/shop","type":"person","data":' + BODY + b"}"


def test_plain_pika_can_emit(amqp_url: str, tmp_path: Path) -> None:
    settings = {
        "DURIAN_BROKER_URL": amqp_url,
        "DURIAN_REGISTRY_URL": f"sqlite:///{tmp_path}/registry.db",
        "DURIAN_ALLOWED_NETWORKS": "127.0.0.0/8",
    }
    put_registry(tmp_path, "registry.db")
    with contextlib.ExitStack() as stack:

        def start(*arguments: str) -> Running:
            return stack.enter_context(Running(*arguments, home=tmp_path, settings=settings))

        listen = start("listen", "--port", "0", "--json")
        url = listen.wait_json("listening")["listening"]
        add = ("listeners", "add", f"{url}/hook", "--event", "person")
        added = durian(*add, "--match", "name=Joe", home=tmp_path, settings=settings)
        assert added.returncode == 0, added
        start("router").wait_line("process.started")
        start("deliver").wait_line("process.started")

        connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
        stack.callback(connection.close)
        channel = connection.channel()
        channel.confirm_delivery()
        for properties, body in ((BINARY, BODY), (STRUCTURED, ENVELOPE), (PLAIN, BODY)):
            channel.basic_publish("durian.events", "person", body, properties, mandatory=True)

        arrived = [listen.wait_json("number") for _ in range(3)]
    assert sorted(each["headers"]["ce-id"] for each in arrived) == ["b1", "p1", "s1"]
    # The structured event's data is cut out of its envelope, byte for byte.
    assert {each["body"] for each in arrived} == {BODY.decode()}
