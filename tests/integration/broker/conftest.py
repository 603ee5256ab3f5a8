"""A RabbitMQ broker for each test, and ways to be unkind to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from durian.broker.rabbit import RabbitBroker


@pytest.fixture
def broker(amqp_url: str) -> Iterator[RabbitBroker]:
    """A connected broker, in a virtual host without any queue."""
    broker = RabbitBroker(amqp_url, name="test", settle_s=0)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(autouse=True)
def no_tracebacks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever happens to a connection is told in one line."""
    yield
    told = [record for record in caplog.get_records("call") if record.exc_info]
    assert not told, "a traceback was logged"
