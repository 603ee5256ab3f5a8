from __future__ import annotations

import socket
import threading
import time

import pytest

from durian.broker.blocking import declare_all
from durian.broker.parts import Exchange
from durian.broker.rabbit import RabbitBroker
from durian.errors import BrokerRefused, BrokerUnavailable, LoginRefused, VhostRefused
from tests.support.rabbitmq import Node, free_ports

pytestmark = pytest.mark.rabbitmq

NOBODY = f"amqp://u:secret@127.0.0.1:{free_ports(1)[0]}/"


def test_a_broker_that_is_not_there_is_told_in_time_and_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker = RabbitBroker(NOBODY, patience_s=0.5)
    with pytest.raises(BrokerUnavailable, match="nothing listens there") as caught:
        broker.start()
    assert "secret" not in str(caught.value) + caplog.text
    assert caplog.text.count("broker.connect_failed") == 1
    broker.stop()


def test_a_host_without_a_name_is_told() -> None:
    with pytest.raises(BrokerUnavailable, match=r"nowhere\.invalid"):
        RabbitBroker("amqp://nowhere.invalid/", patience_s=1).start()


def test_somebody_who_says_nothing_is_told_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        broker = RabbitBroker(f"amqp://127.0.0.1:{silent.getsockname()[1]}/", patience_s=0.5)
        with pytest.raises(BrokerUnavailable):
            broker.start()


def test_plain_text_where_tls_was_wanted_is_told(rabbitmq: Node) -> None:
    url = rabbitmq.url.replace("amqp://", "amqps://")
    with pytest.raises(BrokerUnavailable, match="SSL"):
        RabbitBroker(url, patience_s=1).start()


def test_a_wrong_login_is_refused_at_once(rabbitmq: Node) -> None:
    broker = RabbitBroker(rabbitmq.vhost_url("/", "guest:wrong"), patience_s=60)
    started = time.monotonic()
    with pytest.raises(LoginRefused, match="login") as caught:
        broker.start()
    assert time.monotonic() - started < 50
    assert "wrong" not in str(caught.value)


def test_a_virtual_host_that_is_not_there_is_refused(rabbitmq: Node) -> None:
    with pytest.raises(VhostRefused, match="nowhere"):
        RabbitBroker(rabbitmq.vhost_url("nowhere"), patience_s=20).start()


def test_a_limit_of_connections_is_no_fault_of_the_virtual_host(
    rabbitmq: Node, amqp_url: str
) -> None:
    vhost = amqp_url.rpartition("/")[2]
    rabbitmq.api("PUT", f"/vhost-limits/{vhost}/max-connections", {"value": 0})
    with pytest.raises(BrokerRefused, match=r": access to .*limit \(0\) is reached\.$") as caught:
        RabbitBroker(amqp_url, patience_s=20).start()
    assert type(caught.value) is BrokerRefused


def test_the_next_host_is_tried(amqp_url: str) -> None:
    broker = RabbitBroker(f"{NOBODY};{amqp_url}")
    broker.start()
    declare_all(broker, [Exchange("x", "direct")])
    broker.stop()


def test_stopping_frees_everything(amqp_url: str) -> None:
    before = threading.active_count()
    for _ in range(3):
        broker = RabbitBroker(amqp_url)
        broker.start()
        broker.stop()
    assert threading.active_count() == before
