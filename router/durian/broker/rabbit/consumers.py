"""All consumers of this process: started, kept, and started again after a loss."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from functools import partial

from pika.exceptions import ChannelClosedByBroker

from durian.broker.port import Done
from durian.broker.rabbit.channel import ConsumeChannel
from durian.broker.rabbit.connection import BufferedConnection
from durian.broker.rabbit.declarer import Declarer, Request
from durian.broker.rabbit.errors import PRECONDITION_FAILED, Locked, QueueAway, of_channel
from durian.broker.rabbit.loop import IoLoop, guarded
from durian.broker.rabbit.operations import Operation, inspection
from durian.broker.rabbit.subscription import RabbitSubscription
from durian.errors import BrokerError, QueueMissing

_log = logging.getLogger(__name__)

#: Seconds before consumers start again whose channel the broker closed, or whose queue is still
#: held by a connection that was lost, or on a node that is not up yet.
_AGAIN_S = 1.0


class Consumers:
    """Every subscription. Everything here runs on the loop.

    Consuming a queue that does not exist closes the channel, with all other consumers on it; so a
    queue is looked at first, on one of the declaring channels. One that is deleted in the instant
    between still closes it: the others start again, and get again what they had not settled.
    """

    def __init__(self, loop: IoLoop, declarer: Declarer, on_missing: Callable[[str], None]) -> None:
        self._loop = loop
        self._declarer = declarer
        #: Told the name of a queue that turned out not to exist.
        self._on_missing = on_missing
        self._connection: BufferedConnection | None = None
        #: A dict for the order.
        self._subscriptions: dict[RabbitSubscription, None] = {}
        self._channels: list[ConsumeChannel] = []
        self._to_start: dict[RabbitSubscription, None] = {}
        #: Queues that do not exist again yet.
        self._held_back: Collection[str] = ()

    def add(self, subscription: RabbitSubscription) -> None:
        """Begin to consume, as soon as there is a connection."""
        if not subscription.ended:
            self._subscriptions[subscription] = None
            self._start(subscription)

    def cancel(self, subscription: RabbitSubscription, done: Done | None) -> None:
        """End a subscription."""
        channel = subscription.channel
        first = not subscription.ended
        subscription.ended = True
        self._subscriptions.pop(subscription, None)
        self._to_start.pop(subscription, None)
        if first and channel is not None and channel.alive:
            channel.cancel(subscription, done)
        elif done is not None:
            done(None)

    def up(self, connection: BufferedConnection, held_back: Collection[str]) -> None:
        """There is a connection, and what was declared exists, but for some queues."""
        self._connection = connection
        self._held_back = held_back
        for subscription in self._subscriptions:
            self._start(subscription)

    def release(self) -> None:
        """The queues that were held back exist again."""
        held_back, self._held_back = self._held_back, ()
        for subscription in self._subscriptions:
            if subscription.queue in held_back:
                self._start(subscription)

    def down(self) -> None:
        """The connection is lost: every message that was handed out is dead."""
        self._connection = None
        self._channels = []
        self._to_start.clear()

    def flush(self) -> None:
        """Send the acks that wait for the end of the turn."""
        for channel in self._channels:
            channel.flush()

    def mute(self) -> None:
        """Hand out nothing more: what still arrives goes back when the connection is closed."""
        for subscription in self._subscriptions:
            subscription.on_message = _ignore

    def _start(self, subscription: RabbitSubscription) -> None:
        if self._connection is None or subscription.queue in self._held_back:
            return
        if not self._to_start:
            self._loop.soon(self._look)
        self._to_start[subscription] = None

    def _look(self) -> None:
        """Look at the queues of those that are to be started in this turn."""
        subscriptions, self._to_start = list(self._to_start), {}
        if self._connection is not None and subscriptions:
            looks = [
                Operation(inspection(one.queue), partial(self._begin, one), partial(self._no, one))
                for one in subscriptions
            ]
            self._declarer.submit(Request([looks], _ignore, lasting=False))

    def _begin(self, subscription: RabbitSubscription, _: object) -> None:
        if subscription.ended or self._connection is None or not self._connection.is_open:
            return
        if subscription.channel is not None:
            return  # started twice, by a reconnect and by a channel that was closed before it
        channel = next((one for one in reversed(self._channels) if one.has_room), None)
        if channel is None:
            channel = ConsumeChannel(self._loop, self._connection, self)
            self._channels.append(channel)
        channel.start(subscription)

    def _no(self, subscription: RabbitSubscription, error: BrokerError) -> None:
        if isinstance(error, Locked | QueueAway):
            self._loop.call_later(_AGAIN_S, lambda: self._restart(subscription))
        else:
            self._lose(subscription, error)

    def cancelled(self, subscription: RabbitSubscription) -> None:
        """The broker ended a consumer: its queue was deleted, or only moved to another node."""
        subscription.channel = None
        self._start(subscription)

    def closed(
        self,
        channel: ConsumeChannel,
        reason: Exception,
        consuming: list[RabbitSubscription],
        starting: list[RabbitSubscription],
    ) -> None:
        """A channel is gone: its consumers go on elsewhere, but for the one it was closed over."""
        if channel in self._channels:
            self._channels.remove(channel)
        for subscription in (*consuming, *starting):
            subscription.channel = None
        if not isinstance(reason, ChannelClosedByBroker):
            return  # the connection is lost; `up` starts everything
        error = of_channel(reason)
        _log.warning("broker.channel_closed error=%s", error)
        passing = isinstance(error, QueueAway) or reason.reply_code == PRECONDITION_FAILED
        if starting and not passing:
            self._lose(starting.pop(0), error)
        for subscription in (*consuming, *starting):
            self._loop.call_later(_AGAIN_S, partial(self._restart, subscription))

    def _restart(self, subscription: RabbitSubscription) -> None:
        if not subscription.ended and subscription.channel is None:
            self._start(subscription)

    def _lose(self, subscription: RabbitSubscription, error: BrokerError) -> None:
        if subscription.ended:
            return
        subscription.ended = True
        self._subscriptions.pop(subscription, None)
        if isinstance(error, QueueMissing):
            self._on_missing(subscription.queue)
        _log.warning("broker.subscription_lost queue=%s error=%s", subscription.queue, error)
        if subscription.on_lost is not None:
            guarded(partial(subscription.on_lost, error))


def _ignore(_: object) -> None:
    """Nothing to do."""
