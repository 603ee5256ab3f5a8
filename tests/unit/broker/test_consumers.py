"""What becomes of a consumer whose queue cannot be consumed now, or ever."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from pika.exceptions import ChannelClosedByBroker

from durian.broker.rabbit.consumers import Consumers
from durian.broker.rabbit.errors import of_channel
from durian.broker.rabbit.subscription import RabbitSubscription
from durian.errors import BrokerError, BrokerUnavailable, QueueMissing

AWAY = "NOT_FOUND - home node 'b@host' of durable queue 'q' in vhost '/' is down or inaccessible"
GONE = "NOT_FOUND - no queue 'q' in vhost '/'"


class StillLoop:
    """Keeps what it is asked for."""

    def __init__(self) -> None:
        self.later: list[Callable[[], None]] = []

    def soon(self, _function: Callable[[], None]) -> None:
        raise AssertionError("there is no connection yet")

    def call_later(self, _seconds: float, function: Callable[[], None]) -> None:
        self.later.append(function)


class Scene:
    """A subscription that was about to begin."""

    def __init__(self) -> None:
        self.loop = StillLoop()
        self.lost: list[BrokerError | None] = []
        self.missing: list[str] = []
        self.consumers = Consumers(self.loop, None, self.missing.append)  # type: ignore[arg-type]  # neither is asked for more
        self.subscription = RabbitSubscription(
            self.consumers, "q", lambda _: None, 1, self.lost.append
        )
        self.consumers.add(self.subscription)


def told_by_look(scene: Scene, text: str) -> None:
    scene.consumers._no(scene.subscription, of_channel(ChannelClosedByBroker(404, text)))


def told_by_channel(scene: Scene, text: str) -> None:
    closed = partial(scene.consumers.closed, None)  # type: ignore[arg-type]  # one it does not know
    closed(ChannelClosedByBroker(404, text), [], [scene.subscription])


told = pytest.mark.parametrize("tell", [told_by_look, told_by_channel])


@told
def test_a_queue_whose_node_is_down_is_asked_for_again(tell: Callable[[Scene, str], None]) -> None:
    scene = Scene()
    tell(scene, AWAY)
    assert not scene.subscription.ended
    assert (scene.lost, scene.missing, len(scene.loop.later)) == ([], [], 1)


@told
def test_a_queue_that_is_gone_is_lost(tell: Callable[[Scene, str], None]) -> None:
    scene = Scene()
    tell(scene, GONE)
    assert scene.subscription.ended
    assert [type(error) for error in scene.lost] == [QueueMissing]
    assert (scene.missing, scene.loop.later) == (["q"], [])


def test_a_queue_whose_node_is_down_is_unavailable_and_not_missing() -> None:
    assert isinstance(of_channel(ChannelClosedByBroker(404, AWAY)), BrokerUnavailable)
    assert isinstance(of_channel(ChannelClosedByBroker(404, GONE)), QueueMissing)
