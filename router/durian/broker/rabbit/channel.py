"""A channel with consumers on it, and the acks of what they were handed."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Protocol

from pika import BasicProperties
from pika.channel import Channel
from pika.frame import Method
from pika.spec import Basic

from durian.broker.port import STREAM_OFFSET_HEADER, Done
from durian.broker.rabbit.codec import message_of
from durian.broker.rabbit.connection import BufferedConnection
from durian.broker.rabbit.incoming import Delivery
from durian.broker.rabbit.loop import IoLoop, guarded
from durian.broker.rabbit.outgoing import acking
from durian.broker.rabbit.received import RabbitReceived, Tally
from durian.broker.rabbit.subscription import RabbitSubscription
from durian.events.message import Message

#: Consumers on one channel: when the broker closes a channel (an ack that took too long), all of
#: its consumers lose what they were handed.
MAX_CONSUMERS = 256

#: The argument of a consumer that tells where in a stream it begins: an offset or a time.
_START = "x-stream-offset"

#: Characters of a queue's name in its consumer's tag, which is for people and has 255 bytes.
_TAIL = 60


class Owner(Protocol):
    """Who is told what the broker does to a channel."""

    def cancelled(self, subscription: RabbitSubscription) -> None:
        """The broker ended a consumer: its queue is gone, or moved."""

    def closed(
        self,
        channel: ConsumeChannel,
        reason: Exception,
        consuming: list[RabbitSubscription],
        starting: list[RabbitSubscription],
    ) -> None:
        """The channel is gone, with the consumers on it and those that were being started."""


class ConsumeChannel:
    """Up to MAX_CONSUMERS consumers. Everything here runs on the loop."""

    def __init__(self, loop: IoLoop, connection: BufferedConnection, owner: Owner) -> None:
        self.alive = True
        self._loop = loop
        self._owner = owner
        self._prefetch: int | None = None
        #: By consumer tag.
        self._consuming: dict[str, RabbitSubscription] = {}
        #: In the order in which the broker is asked, and answers.
        self._starting: deque[RabbitSubscription] = deque()
        self._names = 0
        self._tally = Tally()
        self._acks: list[int] = []
        self._connection = connection
        self._channel = connection.channel(on_open_callback=self._opened)
        self._channel.add_on_close_callback(self._closed)

    @property
    def has_room(self) -> bool:
        """True when another consumer may be added."""
        return self.alive and len(self._consuming) + len(self._starting) < MAX_CONSUMERS

    def start(self, subscription: RabbitSubscription) -> None:
        """Begin to consume a queue."""
        self._names += 1
        subscription.tag = f"{self._names}.{subscription.queue[-_TAIL:]}"
        subscription.channel = self
        self._starting.append(subscription)
        if self._channel.is_open:
            self._ask(subscription)

    def cancel(self, subscription: RabbitSubscription, done: Done | None) -> None:
        """End a consumer; what it was handed stays unsettled."""
        if self._channel.is_open:
            # Not waiting for an answer: cancels that do wait for one another, and what is given
            # back meanwhile comes again and again, each time counted by a quorum queue. pika
            # itself rejects what was on its way.
            self._consuming.pop(subscription.tag, None)
            self._connection.consumers.pop(self._place(subscription), None)
            self._channel.basic_cancel(subscription.tag)
        elif subscription in self._starting:
            self._starting.remove(subscription)
        if done is not None:
            self._loop.call(partial(done, None))

    def ack(self, tag: int) -> None:
        """Settle a message, with others at the end of this turn."""
        if not self._acks:
            self._loop.soon(self.flush)
        self._acks.append(tag)

    def give_back(self, tag: int) -> None:
        """Put a message back into its queue."""
        if self._channel.is_open:
            self._tally.settled(tag)
            self._channel.basic_nack(tag, requeue=True)

    def flush(self) -> None:
        """Send the acks of this turn."""
        acks, self._acks = self._acks, []
        if acks and self._channel.is_open:
            number = self._channel.channel_number
            for tag, several in self._tally.acks(acks):
                self._connection.send(acking(number, tag, several=several))

    def _opened(self, channel: Channel) -> None:
        channel.add_on_cancel_callback(self._cancelled)
        for subscription in self._starting:
            self._ask(subscription)

    def _ask(self, subscription: RabbitSubscription) -> None:
        channel = self._channel
        if subscription.prefetch != self._prefetch:
            # It holds for the consumers that come after it, for each by itself.
            channel.basic_qos(prefetch_count=subscription.prefetch)
            self._prefetch = subscription.prefetch
        self._connection.consumers[self._place(subscription)] = partial(self._taken, subscription)
        channel.basic_consume(
            subscription.queue,
            partial(self._delivered, subscription),
            consumer_tag=subscription.tag,
            arguments=None if subscription.start is None else {_START: subscription.start},
            callback=self._started,
        )

    def _started(self, _: Method[Basic.ConsumeOk]) -> None:
        subscription = self._starting.popleft()
        if not subscription.ended:
            self._consuming[subscription.tag] = subscription

    def _place(self, subscription: RabbitSubscription) -> tuple[int, bytes]:
        return self._channel.channel_number, subscription.tag.encode()

    def _taken(self, subscription: RabbitSubscription, delivery: Delivery) -> None:
        """Take a delivery that went past pika."""
        self._hand_out(
            subscription, delivery.tag, delivery.message, redelivered=delivery.redelivered
        )

    def _delivered(
        self,
        subscription: RabbitSubscription,
        _: Channel,
        method: Basic.Deliver,
        properties: BasicProperties,
        body: bytes,
    ) -> None:
        """Take a delivery that pika has read."""
        message = message_of(method, properties, body)
        tag = method.delivery_tag or 0
        self._hand_out(subscription, tag, message, redelivered=method.redelivered)

    def _hand_out(
        self, subscription: RabbitSubscription, tag: int, message: Message, *, redelivered: bool
    ) -> None:
        self._tally.delivered(tag)
        received = RabbitReceived(self, tag, subscription.queue, message, redelivered=redelivered)
        if subscription.start is not None:
            offset = message.headers.get(STREAM_OFFSET_HEADER)
            subscription.start = offset + 1 if isinstance(offset, int) else subscription.start
        guarded(partial(subscription.on_message, received))

    def _cancelled(self, frame: Method[Basic.Cancel]) -> None:
        """The broker ends a consumer by itself."""
        tag = frame.method.consumer_tag or ""
        subscription = self._consuming.pop(tag, None)
        self._connection.consumers.pop((self._channel.channel_number, tag.encode()), None)
        if subscription is not None and not subscription.ended:
            self._owner.cancelled(subscription)

    def _closed(self, _: Channel, reason: Exception) -> None:
        self.alive = False
        for subscription in (*self._consuming.values(), *self._starting):
            self._connection.consumers.pop(self._place(subscription), None)
        consuming = [one for one in self._consuming.values() if not one.ended]
        starting = list(self._starting)
        self._consuming.clear()
        self._starting.clear()
        self._owner.closed(self, reason, consuming, starting)
