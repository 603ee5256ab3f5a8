"""The archive: all events of the last days, read in the order in which they arrived.

It is a stream: reading takes nothing out of it. A mark is a message of ours among the events, put
there to know where now is; it goes to the archive alone, so that no router ever sees it.
"""

from __future__ import annotations

import queue as queues
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self

from durian.broker import blocking
from durian.broker.clock import Clock
from durian.broker.port import STREAM_OFFSET_HEADER, Address, Broker, Received, StreamStart
from durian.broker.topology import Topology
from durian.errors import BrokerError, BrokerUnavailable
from durian.events.message import HeaderValue, Message

#: The header by which whoever put a mark knows it again.
MARK_HEADER: Final = "durian-mark"

#: Messages handed out and not passed on: enough that reading never waits for the broker.
_PREFETCH = 200

#: Seconds between two signs of life to whoever reads, while there is nothing to read.
_TICK_S = 1.0

#: Seconds of silence before a mark is put at the end: what comes behind it has to come then.
_KNOCK_AFTER_S = 0.5

#: Seconds of silence, in spite of marks, after which the broker is taken to be away.
PATIENCE_S = 60.0

#: Seconds before a mark is put again that was not seen: it was there before the reader.
_MARK_AGAIN_S = 2.0

#: Seconds in which a mark has to be found.
_MARK_PATIENCE_S = 15.0

#: Seconds before now at which the search for a mark begins: broker and machine have two clocks.
_MARK_BEFORE_S = 1.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of the archive."""

    #: Its place: later ones have greater numbers.
    offset: int
    message: Message
    #: The name of the mark it is; None for what was published as an event.
    mark: str | None


class Archive:
    """Blocking; to be used on any thread but the broker's own."""

    def __init__(self, broker: Broker, topology: Topology) -> None:
        self._broker = broker
        self._topology = topology

    @property
    def clock(self) -> Clock:
        """The broker's."""
        return self._broker.clock

    def read(self, start: StreamStart) -> Reading:
        """Open it at an offset or at a time (a little earlier is possible)."""
        return Reading(self._broker, self._topology, start)

    def mark(self, name: str = "") -> int:
        """Put a mark at the end and tell its offset: what was confirmed before lies before it.

        A name is used once, or is made up. Raises BrokerError.
        """
        name = name or uuid.uuid4().hex
        clock = self._broker.clock
        before = datetime.fromtimestamp(max(0.0, clock.now() - _MARK_BEFORE_S), UTC)
        until = clock.monotonic() + _MARK_PATIENCE_S
        with self.read(before) as reading:
            while clock.monotonic() < until:
                blocking.publish_all(self._broker, [_mark(name, self._topology)], _MARK_PATIENCE_S)
                again = clock.monotonic() + _MARK_AGAIN_S
                while (left_s := again - clock.monotonic()) > 0:
                    entry = reading.take(left_s)
                    if entry is not None and entry.mark == name:
                        return entry.offset
        raise BrokerUnavailable("The archive does not show what was just put into it.")

    def knock(self, timeout_s: float) -> None:
        """Put a mark without a name: to see whether anything is taken. Raises BrokerError."""
        blocking.publish_all(self._broker, [_mark("", self._topology)], timeout_s)

    def has_mark(self, name: str, offset: int) -> bool:
        """Tell whether a mark that was put once is still where it was. Raises BrokerError."""
        if self.mark() <= offset:
            return False  # it was emptied, or is another one: an offset beyond its end
        with self.read(offset) as reading:
            entry = reading.take(_MARK_PATIENCE_S)
            return entry is not None and (entry.offset, entry.mark) == (offset, name)


class Reading:
    """The archive, opened. A context manager."""

    def __init__(self, broker: Broker, topology: Topology, start: StreamStart) -> None:
        self._broker = broker
        self._topology = topology
        self._arrived: queues.SimpleQueue[Received | BrokerError | None] = queues.SimpleQueue()
        self._knocking = False
        self._subscription = broker.consume(
            topology.archive,
            self._arrived.put,
            prefetch=_PREFETCH,
            on_lost=self._arrived.put,
            start=start,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        blocking.wait(self._subscription.cancel)

    def take(self, timeout_s: float) -> Entry | None:
        """The next message; None when none comes in time. Raises BrokerError."""
        try:
            arrived = self._arrived.get(timeout=timeout_s)
        except queues.Empty:
            return None
        if arrived is None or isinstance(arrived, BrokerError):
            raise arrived or BrokerUnavailable
        self._broker.ack(arrived)
        return _entry(arrived.message, self._topology)

    def upto(self, end: int) -> Iterator[Entry | None]:
        """Everything before an offset, which must have been reached once; None each idle second.

        Raises BrokerUnavailable after PATIENCE_S seconds of silence.
        """
        clock = self._broker.clock
        heard = clock.monotonic()
        while True:
            entry = self.take(_TICK_S)
            if entry is None:
                silent_s = clock.monotonic() - heard
                if silent_s > PATIENCE_S:
                    raise BrokerUnavailable("The archive hands out nothing.")
                if silent_s > _KNOCK_AFTER_S:
                    self._knock()
            elif entry.offset >= end:
                return
            yield entry
            # Not before: whoever reads may take its time.
            heard = heard if entry is None else clock.monotonic()

    def _knock(self) -> None:
        """Make something come: the end may have left the archive, or lie before where we began."""
        if not self._knocking:
            self._knocking = True
            self._broker.publish(*_mark("", self._topology), self._knocked)

    def _knocked(self, _: BrokerError | None) -> None:
        self._knocking = False


def _mark(name: str, topology: Topology) -> tuple[Message, Address]:
    return Message(body=b"", headers={MARK_HEADER: name}), Address(topology.archive, "")


def _entry(message: Message, topology: Topology) -> Entry:
    headers: Mapping[str, HeaderValue] = message.headers
    offset = headers.get(STREAM_OFFSET_HEADER)
    # By the exchange: a producer may give its events whatever headers it likes.
    mark = str(headers.get(MARK_HEADER, "")) if message.exchange == topology.archive else None
    return Entry(offset if isinstance(offset, int) else 0, message, mark)
