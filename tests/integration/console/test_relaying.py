"""`durian relay` on SQLite and RabbitMQ: what an application has committed leaves."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from durian.events import Event
from durian.producers.sqlalchemy import Outbox
from tests.support.cli import Shell
from tests.support.collector import VARIABLE, collecting
from tests.support.declared import House

METADATA = sa.MetaData()
OUTBOX = Outbox(METADATA, "letters")


@pytest.mark.rabbitmq
def test_what_was_committed_leaves_before_and_while_it_runs(amqp_url: str, tmp_path: Path) -> None:
    house = House(amqp_url)
    house.declare()
    engine = sa.create_engine(f"sqlite:///{tmp_path}/shop.db")
    METADATA.create_all(engine)
    events = [Event(type="order.paid", data=number) for number in range(20)]
    with engine.begin() as connection:
        connection.execute(OUTBOX.insert(*events[:10]))
    settings = {"DURIAN_BROKER_URL": amqp_url, "DURIAN_OUTBOX_URL": "sqlite:///shop.db"}
    with collecting() as collector, ExitStack() as stack:
        shell = Shell(tmp_path, settings | {VARIABLE: collector.url}, stack)
        relay = shell.start("relay", "--table", "letters", "--log-format", "json")
        relay.wait_json("outbox")
        with engine.begin() as connection:
            connection.execute(OUTBOX.insert(*events[10:]))
        with house.channel() as channel:
            coming = channel.consume(house.topology.route, inactivity_timeout=60)
            arrived = [next(coming)[1] for _ in events]
        assert relay.stop() == 0
        assert relay.wait_json("sent")["sent"] == 20
        assert collector.holds(b"durian-relay", b"durian emit")
    engine.dispose()
    assert [properties and properties.message_id for properties in arrived] == [
        event.id for event in events
    ]
