"""The queues page asks a real RabbitMQ's management API for rates."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from durian.broker.blocking import declare_all, publish_all
from durian.broker.port import Address
from durian.broker.rabbit import RabbitBroker
from durian.broker.topology import Topology
from durian.console.pages.management import Management, QueueRates
from durian.console.settings import Settings
from durian.events.message import Message
from tests.support.api import Api
from tests.support.pages import logged_in
from tests.support.rabbitmq import Node, PrivateNode
from tests.support.registry import put_registry

NAMES = Topology()
QUEUE = NAMES.listener_queue("joe")

#: Seconds after which a rate is not going to come.
PATIENCE_S = 120.0

#: Tests run without what counts rates, which takes time: it is switched on and off by a restart of
#: its part. Channels and queues that are opened afterwards tell it of themselves every second.
SWITCH = (
    "application:set_env(rabbit, collect_statistics_interval, {every_ms}), "
    "application:stop(rabbitmq_management), application:stop(rabbitmq_management_agent), "
    "application:set_env(rabbitmq_management_agent, disable_metrics_collector, {off}), "
    "application:start(rabbitmq_management_agent), application:start(rabbitmq_management)."
)


@pytest.fixture
def counted_url(mortal_rabbitmq: PrivateNode) -> Iterator[str]:
    """The AMQP URL of a virtual host of a node that counts rates."""
    mortal_rabbitmq.ctl("eval", SWITCH.format(off="false", every_ms=1000))
    vhost = mortal_rabbitmq.add_vhost()
    yield mortal_rabbitmq.vhost_url(vhost)
    mortal_rabbitmq.delete_vhost(vhost)
    mortal_rabbitmq.ctl("eval", SWITCH.format(off="true", every_ms=5000))


@contextmanager
def pages(folder: Path, broker_url: str, node: Node) -> Iterator[Api]:
    """The pages of a deployment that names RabbitMQ's own, and has a listener."""
    put_registry(folder)
    ui = f"http://127.0.0.1:{node.api_port}"
    settings = Settings(broker_url=broker_url, rabbitmq_ui_url=ui)
    with Api(f"sqlite:///{folder}/durian.db", settings=settings) as api:
        yield api


@contextmanager
def rabbit(url: str) -> Iterator[RabbitBroker]:
    """A broker with the queues of a deployment and of joe."""
    broker = RabbitBroker(url)
    broker.start()
    try:
        declare_all(broker, (*NAMES.house(), *NAMES.listener("joe")))
        yield broker
    finally:
        broker.stop()


def rates_of(api: Api) -> QueueRates | None:
    """What RabbitMQ tells of joe's queue."""
    management = Management.of(api.app.state.services)
    assert management is not None
    found, reason = management.busiest()
    assert reason == ""
    assert {one.name.partition(".")[0] for one in found} <= {"durian"}
    return next((one for one in found if one.name == QUEUE), None)


def test_it_tells_how_fast_messages_come_and_go(
    counted_url: str, mortal_rabbitmq: PrivateNode, tmp_path: Path
) -> None:
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE_S
    with rabbit(counted_url) as broker, pages(tmp_path, counted_url, mortal_rabbitmq) as api:
        some = [(Message(body=b"{}"), Address(NAMES.deliver, "joe"))] * 5
        while (told := rates_of(api)) is None or not told.depth or not told.in_per_s:
            assert time.monotonic() < deadline, f"no rate of what comes: {told}"
            publish_all(broker, some)
            pause.wait(0.2)
        assert told.out_per_s in (None, 0.0)
        shown = logged_in(api, "admin").page("/queues/rates")
        assert f'<a href="{told.page}" rel="noreferrer">{QUEUE}</a>' in shown
        assert shown.index(QUEUE) < shown.index(NAMES.route)  # the longest first
        broker.consume(QUEUE, broker.ack, prefetch=1)
        while (told := rates_of(api)) is None or not told.out_per_s:
            assert time.monotonic() < deadline, f"no rate of what goes: {told}"
            publish_all(broker, some)
            pause.wait(0.2)


def test_a_node_that_counts_no_rates_tells_of_queues_all_the_same(
    amqp_url: str, rabbitmq: Node, tmp_path: Path
) -> None:
    with rabbit(amqp_url), pages(tmp_path, amqp_url, rabbitmq) as api:
        told = rates_of(api)
        assert told is not None
        assert (told.in_per_s, told.out_per_s) == (None, None)
        assert QUEUE in logged_in(api, "admin").page("/queues/rates")
