"""Publishing to one exchange: a channel in confirm mode, and what it has not confirmed yet.

Every exchange has a channel of its own, because the broker answers a publish it cannot accept (a
missing exchange, a missing permission) by closing the channel: whatever else was unconfirmed on
it would have to be published again, and arrive twice.
"""

from __future__ import annotations

import logging
import struct
from collections import deque
from collections.abc import Iterable

from pika import BasicProperties
from pika.channel import Channel
from pika.exceptions import ChannelClosedByBroker
from pika.frame import Method
from pika.spec import Basic, Confirm

from durian.broker.port import Address, Done, Received
from durian.broker.rabbit.connection import BufferedConnection
from durian.broker.rabbit.errors import ACCESS_REFUSED, NOT_FOUND, of_channel
from durian.broker.rabbit.loop import IoLoop
from durian.broker.rabbit.outgoing import publishing
from durian.errors import (
    BrokerError,
    BrokerRefused,
    BrokerUnavailable,
    PublishRejected,
    Unroutable,
)
from durian.events.message import Message

_log = logging.getLogger(__name__)

#: Messages and bytes that may be unconfirmed in one lane: enough to keep the broker busy, and what
#: a lost connection can at most cause to be published twice.
WINDOW_MESSAGES = 2048
WINDOW_BYTES = 16 * 1024 * 1024


class Publication:
    """A message on its way to the broker."""

    __slots__ = ("address", "cause", "done", "message", "returned")

    def __init__(
        self, message: Message, address: Address, done: Done, cause: Received | None
    ) -> None:
        self.message = message
        self.address = address
        self.done = done
        self.cause = cause
        #: True once the broker said that no queue wants it; its ack follows.
        self.returned = False

    def finish(self, error: BrokerError | None) -> None:
        """Tell whoever published it."""
        try:
            self.done(error)
        except Exception:  # noqa: BLE001  # their mistake must not end everybody's loop
            _log.exception("broker.callback_failed")


class Lane:
    """All publishing to one exchange. Everything here runs on the loop."""

    __slots__ = (
        "_bytes",
        "_careful",
        "_channel",
        "_connection",
        "_loop",
        "_next_tag",
        "_ready",
        "_returned_tag",
        "_unconfirmed",
        "_waiting",
    )

    def __init__(self, loop: IoLoop) -> None:
        self._loop = loop
        self._connection: BufferedConnection | None = None
        self._channel: Channel | None = None
        self._ready = False
        self._next_tag = 1
        #: By delivery tag, in the order of publishing.
        self._unconfirmed: dict[int, Publication] = {}
        self._bytes = 0
        self._waiting: deque[Publication] = deque()
        #: The tag of the last message that came back: returns come in the order of publishing.
        self._returned_tag = 0
        #: How many messages are to be published one at a time, to find the one that offends.
        self._careful = 0

    @property
    def idle(self) -> bool:
        """True when nothing waits for the broker."""
        return not self._unconfirmed and not self._waiting

    @property
    def unconfirmed(self) -> int:
        """How many messages wait to be sent, or for the broker's word."""
        return len(self._unconfirmed) + len(self._waiting)

    def publish(self, publication: Publication) -> None:
        """Send it now, or when there is a connection and room."""
        if self._ready and not self._waiting and self._has_room():
            self._send(publication)
        else:
            self._waiting.append(publication)

    def attach(self, connection: BufferedConnection) -> None:
        """Use a connection from now on; what is unconfirmed is published again."""
        if self._connection is not connection:
            self._connection = connection
            self._open()

    def detach(self) -> None:
        """The connection is lost."""
        self._connection = None

    def _open(self) -> None:
        if self._connection is not None and self._connection.is_open:
            channel = self._connection.channel(on_open_callback=self._opened)
            channel.add_on_close_callback(self._closed)
            self._channel = channel

    def _opened(self, channel: Channel) -> None:
        channel.add_on_return_callback(self._returned)
        channel.confirm_delivery(self._answered, callback=self._confirming)

    def _confirming(self, _: Method[Confirm.SelectOk]) -> None:
        self._next_tag = 1
        self._returned_tag = 0
        self._ready = True
        if self._connection is not None and self._channel is not None:
            self._connection.publishers[self._channel.channel_number] = self._confirmed
        self._refill()

    def _has_room(self) -> bool:
        if self._careful:
            return not self._unconfirmed
        return len(self._unconfirmed) < WINDOW_MESSAGES and self._bytes < WINDOW_BYTES

    def _refill(self) -> None:
        while self._waiting and self._ready and self._has_room():
            self._send(self._waiting.popleft())

    def _send(self, publication: Publication) -> None:
        cause = publication.cause
        if cause is not None and not cause.alive:
            self._give_up(publication, BrokerUnavailable("Its cause is handed out again."))
            return
        connection, channel = self._connection, self._channel
        if connection is None or channel is None or not channel.is_open:  # it is being closed
            self._ready = False
            self._waiting.appendleft(publication)
            return
        message, number = publication.message, channel.channel_number
        try:
            frames = publishing(message, publication.address, number, connection.body_most)
        except BrokerRefused as error:
            self._give_up(publication, error)
        except (ValueError, TypeError, struct.error) as error:
            # Text over 255 bytes, mostly.
            self._give_up(publication, BrokerRefused(f"The message is no AMQP: {error}."))
        else:
            connection.send(frames)
            self._unconfirmed[self._next_tag] = publication
            self._next_tag += 1
            self._bytes += len(message.body)

    def _give_up(self, publication: Publication, error: BrokerError) -> None:
        """Tell of an error at the end of this turn: never from inside `publish`."""
        self._loop.soon(lambda: publication.finish(error))

    def _answered(self, frame: Method[Basic.Ack | Basic.Nack]) -> None:
        """Take what pika has read: that the broker could not take a message."""
        method = frame.method
        error = PublishRejected() if isinstance(method, Basic.Nack) else None
        self._confirmed(method.delivery_tag, method.multiple, error)

    def _confirmed(self, tag: int, several: bool, error: BrokerError | None = None) -> None:  # noqa: FBT001  # as AMQP has it
        """Take a confirm: for one message, or for all up to one."""
        if not several:
            self._settle(tag, error)
        else:
            unconfirmed = self._unconfirmed
            while unconfirmed and (first := next(iter(unconfirmed))) <= tag:
                self._settle(first, error)
        if self._waiting:
            self._refill()

    def _settle(self, tag: int, error: BrokerError | None) -> None:
        publication = self._unconfirmed.pop(tag, None)
        if publication is None:
            return
        self._bytes -= len(publication.message.body)
        if self._careful:
            self._careful -= 1
        if publication.returned and error is None:
            address = publication.address
            error = Unroutable(f"No queue wants {address.routing_key!r} of {address.exchange}.")
        publication.finish(error)

    def _returned(
        self, _: Channel, method: Basic.Return, properties: BasicProperties, body: bytes
    ) -> None:
        """Find the message that came back.

        It carries no tag, but returns come in the order of publishing, before their acks; and
        what cannot be told apart by key, body and headers has the same fate.
        """
        for tag, publication in self._unconfirmed.items():
            if tag > self._returned_tag and _is_same(publication, method, properties, body):
                publication.returned = True
                self._returned_tag = tag
                return
        _log.warning("broker.return_unknown exchange=%s", method.exchange)

    def _closed(self, channel: Channel, reason: Exception) -> None:
        """Our channel is gone, by itself or with its connection."""
        if channel is not self._channel:
            return
        self._channel = None
        self._ready = False
        if self._connection is not None:
            self._connection.publishers.pop(channel.channel_number, None)
        unconfirmed = list(self._unconfirmed.values())
        self._unconfirmed.clear()
        self._bytes = 0
        if isinstance(reason, ChannelClosedByBroker):
            self._offended(reason, unconfirmed)
        else:
            self._put_back(unconfirmed)

    def _offended(self, reason: ChannelClosedByBroker, unconfirmed: list[Publication]) -> None:
        """The broker closed the channel over a message; go on without that one."""
        error = of_channel(reason)
        _log.warning("broker.publish_refused error=%s", error)
        if reason.reply_code in (NOT_FOUND, ACCESS_REFUSED):
            # True of the exchange, so of every message to it.
            unconfirmed += self._waiting
            self._waiting.clear()
            self._careful = 0
            self._fail(unconfirmed, error)
        elif len(unconfirmed) == 1:
            self._careful = max(0, self._careful - 1)
            self._fail(unconfirmed, error)
        else:
            self._careful = max(self._careful, len(unconfirmed))
            self._put_back(unconfirmed)
        self._open()

    def _fail(self, publications: Iterable[Publication], error: BrokerError) -> None:
        for publication in publications:
            publication.finish(error)

    def _put_back(self, publications: list[Publication]) -> None:
        for publication in publications:
            publication.returned = False
        self._waiting.extendleft(reversed(publications))


def _is_same(
    publication: Publication, method: Basic.Return, properties: BasicProperties, body: bytes
) -> bool:
    message = publication.message
    if publication.address.routing_key != method.routing_key or message.body != body:
        return False
    returned = properties.headers or {}
    return message.message_id == properties.message_id and all(
        returned.get(name) == value
        for name, value in message.headers.items()
        if isinstance(value, str) and name not in ("CC", "BCC")
    )
