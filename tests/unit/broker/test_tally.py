from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durian.broker.rabbit.received import Tally


class Channel:
    """The broker's side of acks: refuses what RabbitMQ would close the channel over."""

    def __init__(self) -> None:
        self.unacked: set[int] = set()

    def deliver(self, tag: int) -> None:
        self.unacked.add(tag)

    def ack(self, tag: int, *, several: bool) -> None:
        assert tag in self.unacked, f"unknown delivery tag {tag}"
        if several:
            self.unacked = {one for one in self.unacked if one > tag}
        else:
            self.unacked.remove(tag)


def delivered(count: int) -> Tally:
    tally = Tally()
    for tag in range(1, count + 1):
        tally.delivered(tag)
    return tally


@pytest.mark.parametrize(
    ("turns", "acks"),
    [
        ([[1]], [[(1, False)]]),
        ([[1, 2, 3]], [[(3, True)]]),
        ([[3, 1, 2]], [[(3, True)]]),
        ([[2]], [[(2, False)]]),
        ([[2], [1]], [[(2, False)], [(1, False)]]),
        ([[2], [1, 3]], [[(2, False)], [(3, True)]]),
        ([[2, 4], [1, 3, 5]], [[(2, False), (4, False)], [(5, True)]]),
        ([[1, 3]], [[(1, False), (3, False)]]),
    ],
)
def test_what_is_settled_is_acked_by_few_methods(
    turns: list[list[int]], acks: list[list[tuple[int, bool]]]
) -> None:
    tally = delivered(5)
    assert [tally.acks(turn) for turn in turns] == acks


def test_what_went_back_without_us_does_not_hold_up_the_run() -> None:
    tally = Tally()
    for tag in (1, 2, 5, 6):  # 3 and 4 were refused while a consumer was being cancelled
        tally.delivered(tag)
    assert tally.acks([1, 2, 5, 6]) == [(6, True)]


def test_what_was_given_back_does_not_hold_up_the_run() -> None:
    tally = delivered(4)
    tally.settled(2)
    tally.settled(1)
    assert tally.acks([3, 4]) == [(4, True)]


@given(st.integers(1, 60), st.randoms(use_true_random=False), st.data())
def test_every_tag_is_settled_once_in_any_order(
    count: int, rng: random.Random, data: st.DataObject
) -> None:
    channel, tally = Channel(), Tally()
    refused = data.draw(st.sets(st.integers(1, count)))
    tags = [tag for tag in range(1, count + 1) if tag not in refused]
    for tag in tags:
        channel.deliver(tag)
        tally.delivered(tag)
    rng.shuffle(tags)
    settled: set[int] = set()
    while tags:
        size = rng.randint(1, len(tags))
        turn, tags = tags[:size], tags[size:]
        if rng.random() < 0.3:
            given_back = turn.pop()
            tally.settled(given_back)
            channel.ack(given_back, several=False)
            settled.add(given_back)
        for tag, several in tally.acks(turn):
            channel.ack(tag, several=several)
        settled.update(turn)
        assert settled.isdisjoint(channel.unacked)
        assert channel.unacked == set(tags)
