"""Deliveries and a recorder on each broker, writing to each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from durian.broker.memory import MemoryBroker
from durian.broker.port import Broker
from durian.broker.rabbit import RabbitBroker


@pytest.fixture(params=["memory", pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """A running broker without any queue."""
    one: Broker
    if request.param == "memory":
        one = MemoryBroker()
    else:
        one = RabbitBroker(request.getfixturevalue("amqp_url"), settle_s=0)
    one.start()
    yield one
    one.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def registry_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a registry that holds nothing, not even tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/durian.db"
    url: str = request.getfixturevalue("postgres_url")
    return url
