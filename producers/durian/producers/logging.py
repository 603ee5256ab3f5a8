"""A handler for Python's logging that emits records as events, and never holds up who logs."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from durian.broker.topology import Topology
from durian.errors import InvalidSettings
from durian.events import Event
from durian.events.amqp import encode
from durian.producers.broker_url import parse_broker_urls
from durian.producers.courier import Courier, Parcel
from durian.producers.ledger import Receipt
from durian.producers.policy import PublishPolicy
from durian.producers.pool import Pool

#: What events of records are called, and where they come from, unless the handler is told.
TYPE = "log.record"
SOURCE = "/logging"

#: Records that wait for the broker at most; those logged beyond are dropped, and counted.
ROOM = 1000

#: Seconds that closing the handler waits for what is under way.
CLOSE_S = 5.0

#: How long a record waits for a broker that is away: nobody waits with it.
PATIENT = PublishPolicy(attempts=1000, give_up_after_s=300.0)


class EventHandler(logging.Handler):
    """Emits each record as an event, by a thread of its own.

    Logging never waits for the broker and never fails because of it: a record for which there is no
    room is dropped, and so is one that was not confirmed in time. The next event's `lost` tells how
    many. What the thread itself logs is no event.

    The event's data holds `logger`, `level`, `message`, `module`, `function` and `line`,
    `exception` where there is one, and those attributes of the record that `extra` names.

        logging.getLogger("shop").addHandler(EventHandler("amqp://localhost", level="ERROR"))

    Args:
        url: An AMQP URL; several separated by `;` are tried in turn.
        level: The least important records that are emitted.
        extra: Names of attributes that were given to the logger as `extra` and are to be sent.
        event_type: The type of the events.
        source: Their `source`.
        prefix: The deployment's prefix of all broker names (`DURIAN_PREFIX`).
        room: Records that wait for the broker at most.
        policy: Timeouts and retries.

    Raises:
        InvalidSettings: the URL or a number cannot be used.
        InvalidEvent: the type or the source cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        level: int | str = logging.NOTSET,
        extra: Sequence[str] = (),
        event_type: str = TYPE,
        source: str = SOURCE,
        prefix: str = "durian",
        room: int = ROOM,
        policy: PublishPolicy = PATIENT,
    ) -> None:
        if room < 1:
            raise InvalidSettings("room", f"{room} must be at least 1")
        super().__init__(level)
        Event(type=event_type, source=source)  # not later, for every record
        self._type = event_type
        self._source = source
        self._extra = tuple(extra)
        self._room = room
        #: How many records were dropped or not confirmed, as far as no event has told it yet.
        self.lost = 0
        pool = Pool(parse_broker_urls(url), policy, size=1)
        exchange = Topology(prefix).events
        self._courier = Courier(pool, policy, exchange, self._tell, name="durian-logging")

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a record to the thread, or drop it. Never waits, never raises."""
        if record.thread is not None and record.thread == self._courier.thread_id:
            return
        if self._courier.waiting >= self._room:
            self.lost += 1
            return
        try:
            event = self._event(record)
            self._courier.take(Parcel(event, encode(event), None, time.monotonic()))
        except Exception:  # noqa: BLE001 - how handlers fail, by the rules of logging
            self.handleError(record)

    def close(self) -> None:
        """Let what is under way arrive, for a few seconds at most. Called when the program ends."""
        self._courier.close(timeout_s=CLOSE_S)
        super().close()

    def _event(self, record: logging.LogRecord) -> Event:
        return Event(
            type=self._type,
            source=self._source,
            time=datetime.fromtimestamp(record.created, UTC),
            data=self._data(record),
        )

    def _data(self, record: logging.LogRecord) -> dict[str, Any]:
        data: dict[str, Any] = {
            "logger": record.name,
            "level": record.levelname,
            "message": record.getMessage(),
            "module": record.module,
            "function": record.funcName,
            "line": record.lineno,
        }
        if record.exc_info and record.exc_info[0] is not None:
            formatter = self.formatter or logging.Formatter()
            data["exception"] = formatter.formatException(record.exc_info)
        data |= {name: getattr(record, name) for name in self._extra if hasattr(record, name)}
        lost, self.lost = self.lost, 0
        return data | {"lost": lost} if lost else data

    def _tell(self, receipts: list[Receipt]) -> None:
        self.lost += sum(receipt.error is not None for receipt in receipts)
