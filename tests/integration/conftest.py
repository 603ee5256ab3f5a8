"""A broker that is ready to take events, for all tests that want one."""

from __future__ import annotations

import pytest

from tests.support.declared import House


@pytest.fixture
def house(amqp_url: str) -> House:
    """A virtual host with all exchanges and queues."""
    house = House(amqp_url)
    house.declare()
    return house
