"""What a broker tells of itself, for whoever watches over a process."""

from __future__ import annotations

import pytest

from tests.contract.broker.conftest import House
from tests.support.broker import Outcome, eventually, plain_queue, put, text


def test_at_rest_nothing_is_open(house: House) -> None:
    broker = house.broker
    put(broker, plain_queue(broker), "1", "2")
    state = broker.state
    assert (state.connected, state.blocked) == (True, False)
    assert (state.unconfirmed, state.reconnects) == (0, 0)


def test_a_lost_connection_is_counted_once_it_is_made_again(house: House) -> None:
    broker = house.broker
    house.lose()
    eventually(lambda: broker.state.reconnects > 0 and broker.state.connected)


@pytest.mark.alone
def test_what_is_held_up_is_unconfirmed(house: House) -> None:
    broker = house.broker
    to = plain_queue(broker)
    outcomes = [Outcome() for _ in range(3)]
    with house.alarm():
        for outcome in outcomes:
            broker.publish(text("held up"), to, outcome)
        eventually(lambda: broker.state.blocked and broker.state.unconfirmed == 3)
    assert [outcome.wait() for outcome in outcomes] == [None] * 3
    eventually(lambda: not broker.state.blocked and broker.state.unconfirmed == 0)
