"""A queue of the embedded broker: order, limits, time to live, and who gets what next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from durian.broker.memory.loop import Loop
from durian.broker.parts import Queue
from durian.broker.port import STREAM_OFFSET_HEADER, Done, QueueState, Received, StreamStart
from durian.errors import BrokerError
from durian.events.message import Message

#: An archive of gigabytes is for disks: in this process a stream keeps at most this.
STREAM_MAX_BYTES = 64 * 1024 * 1024

#: What a message in a stream takes beside its body, in bytes: headers and bookkeeping.
_ENTRY_BYTES = 1024

#: Publishes a dead letter: exchange, message, keys. One without a place is gone, as on RabbitMQ.
Bury = Callable[[str, Message, tuple[str, ...]], BrokerError | None]


@dataclass(slots=True)
class Session:
    """One life of the connection that this broker does not have: messages are handed out in it."""

    alive: bool = True


@dataclass(slots=True, eq=False)
class Entry:
    """A message in a queue."""

    message: Message
    #: Routing key and BCC keys: a dead letter goes out under all of them, as on RabbitMQ.
    keys: tuple[str, ...]
    #: Its place in the queue, which it keeps when it is given back.
    place: int
    #: On the monotonic clock, in seconds.
    expires_at: float | None
    #: Seconds since the epoch.
    stored_at: float
    returns: int = 0


@dataclass(slots=True, eq=False)
class Consumer:
    """Somebody who wants the messages of one queue."""

    on_message: Callable[[Received], None]
    on_lost: Done | None
    prefetch: int
    #: Where it goes on in a stream.
    start: StreamStart | None = None
    unsettled: int = 0

    def lose(self, error: BrokerError) -> None:
        """Tell it that there will be no more messages."""
        if self.on_lost is not None:
            self.on_lost(error)


@dataclass(slots=True, eq=False)
class MemoryReceived:
    """A message handed to a consumer."""

    message: Message
    queue: str
    redelivered: bool
    entry: Entry
    consumer: Consumer
    session: Session

    @property
    def alive(self) -> bool:
        """False once its session is over: it is handed out again, acking it is a no-op."""
        return self.session.alive


@dataclass(slots=True, eq=False)
class MemoryQueue:
    """One queue. Everything here runs on the loop."""

    declared: Queue
    loop: Loop
    bury: Bury
    consumers: deque[Consumer] = field(default_factory=deque)
    ready: deque[Entry] = field(default_factory=deque)
    #: Handed out and not settled, by place.
    handed_out: dict[int, Entry] = field(default_factory=dict)
    _places: int = 0
    _bytes: int = 0
    _timed_for: float | None = None

    @property
    def is_stream(self) -> bool:
        """True for the archive: it is kept, not consumed away."""
        return self.declared.arguments.get("x-queue-type") == "stream"

    @property
    def state(self) -> QueueState:
        """How things stand with it."""
        return QueueState(ready=len(self.ready), consumers=len(self.consumers))

    def resume(self) -> None:
        """Go on after the loop, and with it every timer, was stopped."""
        self._timed_for = None
        self._watch_head()

    def offer(self, message: Message, keys: tuple[str, ...]) -> bool:
        """Take a message at the end; False when the queue is full and rejects."""
        limit = self.declared.arguments.get("x-max-length")
        full = isinstance(limit, int) and len(self.ready) >= limit
        if full and self.declared.arguments.get("x-overflow") == "reject-publish":
            return False
        self._places += 1
        ttl_ms = self.declared.arguments.get("x-message-ttl")
        now = self.loop.clock.monotonic()
        expires_at = now + ttl_ms / 1000 if isinstance(ttl_ms, int) else None
        self.ready.append(Entry(message, keys, self._places, expires_at, self.loop.clock.now()))
        if self.is_stream:
            self._trim(_bytes_of(message))
        elif full:
            self._dead_letter(self.ready.popleft(), "maxlen")
        self._watch_head()
        return True

    def hand_out(self, session: Session) -> None:
        """Give ready messages to consumers that have room, in turn."""
        if self.is_stream:
            for reader in self.consumers:
                self._hand_on(reader, session)
            return
        while self.ready and (consumer := self._next_consumer()) is not None:
            entry = self.ready.popleft()
            self.handed_out[entry.place] = entry
            consumer.unsettled += 1
            name, redelivered = self.declared.name, entry.returns > 0
            received = MemoryReceived(entry.message, name, redelivered, entry, consumer, session)
            self.loop.call(partial(consumer.on_message, received))

    def _hand_on(self, consumer: Consumer, session: Session) -> None:
        """Give a reader of a stream what comes next; the stream keeps it."""
        consumer.start = self._place_of(consumer.start)
        if not isinstance(consumer.start, int):
            return
        while consumer.unsettled < consumer.prefetch and consumer.start <= self._places:
            entry = self.ready[consumer.start - self.ready[0].place]
            consumer.start += 1
            consumer.unsettled += 1
            headers = {**entry.message.headers, STREAM_OFFSET_HEADER: entry.place}
            message = replace(entry.message, headers=headers)
            name = self.declared.name
            received = MemoryReceived(message, name, False, entry, consumer, session)  # noqa: FBT003  # a field
            self.loop.call(partial(consumer.on_message, received))

    def _place_of(self, start: StreamStart | None) -> StreamStart | None:
        """Where in the stream a reader goes on: in a stream, places have no gaps."""
        if not self.ready:
            return start
        if isinstance(start, int):
            return max(start, self.ready[0].place)
        since = 0.0 if start is None else start.timestamp()
        if self.ready[-1].stored_at < since:
            return start  # what comes next is later
        return next(entry.place for entry in self.ready if entry.stored_at >= since)

    def settle(self, received: MemoryReceived) -> bool:
        """Take a message off the consumer's account; False when it is settled already."""
        if self.is_stream:
            received.consumer.unsettled -= 1
            return True
        if self.handed_out.pop(received.entry.place, None) is not received.entry:
            return False
        received.consumer.unsettled -= 1
        return True

    def give_back(self, entry: Entry) -> None:
        """Put a settled message back to its place, or let it go when it came back too often."""
        if self.is_stream:
            return
        entry.returns += 1
        limit = self.declared.arguments.get("x-delivery-limit")
        if isinstance(limit, int) and entry.returns > limit:
            self._dead_letter(entry, "delivery_limit")
            return
        behind = 0
        while behind < len(self.ready) and self.ready[behind].place < entry.place:
            behind += 1
        self.ready.insert(behind, entry)
        self._watch_head()

    def give_all_back(self) -> None:
        """Put everything unsettled back, as when a connection is lost."""
        entries = sorted(self.handed_out.values(), key=lambda entry: entry.place)
        self.handed_out.clear()
        for consumer in self.consumers:
            consumer.unsettled = 0
        for entry in entries:
            self.give_back(entry)

    def _next_consumer(self) -> Consumer | None:
        """The next consumer with room; only the first may have any when one is to be active."""
        if self.declared.arguments.get("x-single-active-consumer"):
            first = self.consumers[0] if self.consumers else None
            return first if first is not None and first.unsettled < first.prefetch else None
        for _ in range(len(self.consumers)):
            consumer = self.consumers[0]
            self.consumers.rotate(-1)
            if consumer.unsettled < consumer.prefetch:
                return consumer
        return None

    def _trim(self, added_bytes: int) -> None:
        self._bytes += added_bytes
        limit = self.declared.arguments.get("x-max-length-bytes")
        most = min(limit, STREAM_MAX_BYTES) if isinstance(limit, int) else STREAM_MAX_BYTES
        while self._bytes > most and len(self.ready) > 1:
            self._bytes -= _bytes_of(self.ready.popleft().message)

    def _watch_head(self) -> None:
        """Have a timer for the first message: as on RabbitMQ, only the head expires."""
        head = self.ready[0].expires_at if self.ready else None
        if head is None or self._timed_for == head:
            return
        self._timed_for = head
        self.loop.call_later(head - self.loop.clock.monotonic(), self._expire)

    def _expire(self) -> None:
        self._timed_for = None
        now = self.loop.clock.monotonic()
        while self.ready and (at := self.ready[0].expires_at) is not None and at <= now:
            self._dead_letter(self.ready.popleft(), "expired")
        self._watch_head()

    def _dead_letter(self, entry: Entry, reason: str) -> None:
        exchange = self.declared.arguments.get("x-dead-letter-exchange")
        if isinstance(exchange, str):
            key = self.declared.arguments.get("x-dead-letter-routing-key")
            death = {"reason": reason, "routing-keys": list(entry.keys)}
            # As RabbitMQ writes it, the latest first; what is published again loses it.
            message = replace(entry.message, headers={**entry.message.headers, "x-death": [death]})
            self.bury(exchange, message, (key,) if isinstance(key, str) else entry.keys)


def _bytes_of(message: Message) -> int:
    """What a message takes in a stream."""
    return len(message.body) + _ENTRY_BYTES
