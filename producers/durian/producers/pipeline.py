"""Events on their way to the broker: many outstanding, each accounted for until it is confirmed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from durian.errors import DurianError
from durian.events import Event
from durian.events.message import Message
from durian.faults import failpoint
from durian.producers.ledger import Outgoing, Receipt
from durian.producers.link import Link

#: Events outstanding on a channel. Measured: 467 events/s when each confirm is waited for,
#: 5,511 with this many; more does not help, and all of them are sent again when a link breaks.
WINDOW = 500


class PartlyEmitted(DurianError):
    """Raised when not all events of an `emit_many` were confirmed.

    The error that ended it is its `__cause__`. Nothing is lost in silence: what can be emitted
    again is `unconfirmed`, and then `unread`.
    """

    def __init__(
        self,
        reason: str,
        *,
        confirmed: int,
        unconfirmed: tuple[Event, ...],
        unread: Iterator[Event],
    ) -> None:
        #: How many events the broker has safely.
        self.confirmed = confirmed
        #: Events that were taken from the iterable and not confirmed. Some may have reached the
        #: broker all the same: emitted again they keep their ids, so receivers can tell.
        self.unconfirmed = unconfirmed
        #: The rest of the iterable.
        self.unread = unread
        count = len(unconfirmed)
        super().__init__(f"{confirmed} events were confirmed, {count} were not: {reason}")


class Pipeline:
    """The events of one call: taken from an iterable, published, confirmed.

    `run` may be called again after an error, with another link: it sends again what was not
    confirmed and goes on. An error of the iterable itself, or of `encode`, ends the input: what was
    taken before is published all the same, and `input_error` tells it.
    """

    def __init__(
        self, events: Iterator[Event], *, encode: Callable[[Event], Message], exchange: str
    ) -> None:
        #: How many events were confirmed so far.
        self.confirmed = 0
        #: What ended the input before its end.
        self.input_error: Exception | None = None
        self._events = events
        self._encode = encode
        self._exchange = exchange
        self._again: deque[Outgoing] = deque()
        self._unusable: list[Event] = []

    def run(self, link: Link) -> None:
        """Publish all and wait for every confirm.

        Raises BrokerError; what is not confirmed then is sent by the next run.
        """
        failures: list[Receipt] = []
        try:
            while not failures and (outgoing := self._next()):
                link.publish(outgoing, self._exchange)
                failpoint("producer.published")
                failures += self._settle(link.collect(wait=link.outstanding >= WINDOW))
            while link.outstanding:
                failures += self._settle(link.collect(wait=True))
        finally:
            self._again.extendleft(reversed([*(f.outgoing for f in failures), *link.take_back()]))
        for failure in failures:
            if failure.error:
                raise failure.error

    def partly(self, error: DurianError) -> PartlyEmitted:
        """The error that tells how far it came."""
        unconfirmed = (*(outgoing.event for outgoing in self._again), *self._unusable)
        return PartlyEmitted(
            str(error), confirmed=self.confirmed, unconfirmed=unconfirmed, unread=self._events
        )

    def _settle(self, receipts: list[Receipt]) -> list[Receipt]:
        """Count what was confirmed; tell what failed."""
        failures = [receipt for receipt in receipts if receipt.error]
        self.confirmed += len(receipts) - len(failures)
        return failures

    def _next(self) -> Outgoing | None:
        if self._again:
            return self._again.popleft()
        if self.input_error:
            return None
        try:
            event = next(self._events, None)
        # Kept and raised later, when everything taken before is safe.
        except Exception as exc:  # noqa: BLE001 - the iterable is the caller's: it may raise anything
            self.input_error = exc
            return None
        return None if event is None else self._encoded(event)

    def _encoded(self, event: Event) -> Outgoing | None:
        try:
            return Outgoing(event, self._encode(event))
        except DurianError as exc:
            self.input_error = exc
            self._unusable.append(event)
            return None
