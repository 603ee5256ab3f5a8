"""Messages that were set aside: looked at, published again, thrown away.

`durian.invalid` has what the router or the recorder could not read, `durian.unrouted` events that
reached no queue because the topology was damaged.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.consumers.death import Death
from durian.consumers.side_queue import (
    BROWSE_MOST,
    Drop,
    Fate,
    Progress,
    Report,
    Send,
    SideQueue,
    Stay,
    say_nothing,
)
from durian.errors import InvalidEvent, InvalidInput, NotFound
from durian.events import Event, amqp
from durian.events.message import REASON_HEADER, HeaderValue, Message
from durian.registry.attempt import attempts_of
from durian.router.invalid import (
    ASIDE_AT_HEADER,
    DROPPED_HEADER,
    FROM_HEADER,
    plain,
)

_log = logging.getLogger(__name__)

#: Where messages are set aside.
Place = Literal["invalid", "unrouted"]

#: All of these places.
PLACES: Sequence[Place] = ("invalid", "unrouted")

#: Why a message is there that nobody wrote a reason on.
_UNSAID = {
    "invalid": "nobody wrote down why",
    "unrouted": "no queue was bound to the exchange of events",
}
_TOO_OFTEN = "handed out too often without an end: a process may have died over it each time"

#: Headers, in lower case, in which clients write an event's id.
_ID_HEADERS = frozenset({"id", *(f"{prefix}id" for prefix in amqp.PREFIXES)})

#: Characters of an id: enough that no two of a million messages share one.
_ID_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A message that was set aside."""

    place: Place
    #: Made from what it holds: the same message has the same id.
    id: str
    #: As it was published, to the exchange it names.
    message: Message
    #: True when it was to be the record of an attempt, false when an event.
    is_record: bool
    #: Why it was set aside.
    reason: str
    #: When, in milliseconds since the epoch; None when the broker did it itself.
    at_ms: int | None
    #: How many of its headers were too long to be kept.
    dropped: int

    @classmethod
    def of(cls, place: Place, message: Message, topology: Topology) -> SetAside:
        """Read it from what lies in its queue."""
        death = Death.of(message)
        # What the broker moved here has the headers that its producer wrote.
        said = message.headers if place == "invalid" and death is None else {}
        is_record = said.get(FROM_HEADER) == topology.attempts
        published = replace(
            plain(message),
            exchange=topology.attempts if is_record else topology.events,
            routing_key=message.routing_key if death is None else death.routing_key,
        )
        unsaid = _TOO_OFTEN if death is not None and death.too_often else _UNSAID[place]
        return cls(
            place=place,
            id=_id_of(published),
            message=published,
            is_record=is_record,
            reason=str(said.get(REASON_HEADER, unsaid)),
            at_ms=_number(said.get(ASIDE_AT_HEADER)),
            dropped=_number(said.get(DROPPED_HEADER)) or 0,
        )

    def events(self) -> Sequence[Event]:
        """The events it holds, as this version of Durian reads them; none of a record.

        Raises InvalidInput when it cannot be read.
        """
        if self.dropped:
            reason = f"has lost {self.dropped} headers, which were too long to be kept"
            raise InvalidEvent("message", reason, hint="Have its producer publish it again.")
        if self.is_record:
            attempts_of(self.message.body)
            return ()
        try:
            return amqp.decode(self.message)
        except InvalidEvent:
            raise
        except Exception as exc:  # as the router does: one message must not end all others
            _log.exception("set_aside.message_unreadable id=%s", self.id)
            raise InvalidEvent("message", f"internal error: {exc!r}") from exc

    def is_called(self, name: str) -> bool:
        """Tell whether somebody who says `name` may mean it: its own id, or that of an event."""
        if name in (self.id, self.message.message_id):
            return True
        headers = self.message.headers.items()
        if any(key.lower() in _ID_HEADERS and value == name for key, value in headers):
            return True
        try:
            return any(event.id == name for event in self.events())
        except InvalidInput:
            return name in _ids_in(self.message.body)

    def kept(self) -> Message:
        """The message as it goes on lying in its queue."""
        said = {REASON_HEADER: self.reason, FROM_HEADER: self.message.exchange}
        if self.at_ms is not None:
            said[ASIDE_AT_HEADER] = str(self.at_ms)
        if self.dropped:
            said[DROPPED_HEADER] = str(self.dropped)
        return replace(self.message, headers={**self.message.headers, **said})


class SetAsides:
    """All messages of one place. Blocking; for any thread but the broker's own."""

    def __init__(self, broker: Broker, topology: Topology, place: Place) -> None:
        self._topology = topology
        self._place: Place = place
        name = topology.invalid if place == "invalid" else topology.unrouted
        self._queue = SideQueue(broker, name, name)

    def count(self) -> int:
        """How many there are."""
        return self._queue.count()

    def browse(self, limit: int = 100) -> list[SetAside]:
        """Look at the oldest, at most BROWSE_MOST; they stay where they are."""
        return [self._read(message) for message in self._queue.browse(limit)]

    def find(self, message_id: str) -> SetAside:
        """Find one among the BROWSE_MOST oldest. Raises NotFound."""
        for one in self.browse(BROWSE_MOST):
            if one.id == message_id:
                return one
        told = f"No message {message_id} is among the {BROWSE_MOST} oldest there."
        raise NotFound(told, resource="message")

    def replay(
        self,
        *,
        ids: Collection[str] | None = None,
        rate_per_s: float | None = None,
        stop: threading.Event | None = None,
        progress: Progress = say_nothing,
    ) -> Report:
        """Publish messages again: all that can be read now, or those of some ids.

        What still cannot be read stays, as does what was not asked for, at the queue's end. A crash
        loses none and publishes at most WINDOW twice; two at a time share the messages between
        them.
        """
        report = Report(ids)

        def fate_of(message: Message) -> Fate:
            one = self._read(message)
            if not report.is_asked(one.id):
                return Stay(one.kept())
            try:
                one.events()
            except InvalidInput as error:
                report.kept[str(error)] += 1
                return Stay(one.kept())
            return Send(one.message, one.message.exchange)

        report.count = self._queue.go_through(
            fate_of, rate_per_s=rate_per_s, stop=stop, progress=progress
        )
        return report

    def purge(
        self,
        *,
        ids: Collection[str] | None = None,
        stop: threading.Event | None = None,
        progress: Progress = say_nothing,
    ) -> Report:
        """Throw messages away, all that are there now or those of some ids."""
        report = Report(ids)

        def fate_of(message: Message) -> Fate:
            one = self._read(message)
            return Drop() if report.is_asked(one.id) else Stay(one.kept())

        report.count = self._queue.go_through(fate_of, stop=stop, progress=progress)
        return report

    def _read(self, message: Message) -> SetAside:
        return SetAside.of(self._place, message, self._topology)


def _id_of(message: Message) -> str:
    parts = (
        message.routing_key,
        message.message_id,
        message.type,
        message.content_type,
        message.content_encoding,
        sorted((name, str(value)) for name, value in message.headers.items()),
    )
    digest = hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass") + message.body)
    return digest.hexdigest()[:_ID_LENGTH]


def _ids_in(body: bytes) -> Collection[object]:
    """The ids in a body that is an event, or a batch of them, in structured mode."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    several = found if isinstance(found, list) else [found]
    return [one.get("id") for one in several if isinstance(one, dict)]


def _number(value: HeaderValue) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None
