"""A thread that carries events to the broker, for callers that must not wait for it themselves."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
import weakref
from asyncio import Future
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import tenacity

from durian.errors import BrokerError, PublishRejected
from durian.producers.ledger import Outgoing, Receipt
from durian.producers.link import Link
from durian.producers.pipeline import WINDOW
from durian.producers.policy import PublishPolicy, passes
from durian.producers.pool import Pool

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parcel(Outgoing):
    """An event on its way, and who waits for it."""

    #: Cancelled when nobody waits any more: it is not published then, unless it was already.
    waiter: Future[None] | None
    #: When it was handed over, by the monotonic clock.
    since: float
    #: Attempts that failed while it was due.
    attempts: int = 0

    @property
    def abandoned(self) -> bool:
        """Tell whether nobody waits for it."""
        return self.waiter is not None and self.waiter.cancelled()


class Courier:
    """Publishes what it is handed, in order, many outstanding; tells what became of each.

    It ends by `close` only; the thread is started with the first parcel. One event's fate is not
    another's: an attempt that fails is begun again for all that are due, and each is given up when
    its own attempts or its own time, as the policy says, are over.

    Args:
        pool: Where links come from; closed with the courier.
        policy: Timeouts and retries.
        exchange: Where events are published.
        tell: Called on the courier's thread with what became of parcels. Must not raise or wait.
        name: The thread's.
    """

    def __init__(
        self,
        pool: Pool,
        policy: PublishPolicy,
        exchange: str,
        tell: Callable[[list[Receipt]], None],
        *,
        name: str,
    ) -> None:
        self._pool = pool
        self._policy = policy
        self._exchange = exchange
        self._tell = tell
        self._name = name
        self._reset()
        _couriers.add(self)

    def _reset(self) -> None:
        #: Ends pauses; anew in a forked child, where the parent's lock might never be let go.
        self._closing = threading.Event()
        #: None tells that no parcel follows.
        self._inbox: queue.SimpleQueue[Parcel | None] = queue.SimpleQueue()
        self._due: deque[Parcel] = deque()
        self._got_on = False
        # Does not keep a program from ending that forgot to close it.
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._starting = threading.Lock()

    @property
    def waiting(self) -> int:
        """About how many parcels are not with the broker yet."""
        return self._inbox.qsize() + len(self._due)

    @property
    def thread_id(self) -> int | None:
        """The identifier of the courier's thread; None before the first parcel."""
        return self._thread.ident

    def take(self, parcel: Parcel) -> None:
        """Carry a parcel, unless the courier was closed: then nobody may hand it one."""
        self._inbox.put(parcel)
        if self._thread.ident is None:
            self._start()

    def close(self, timeout_s: float | None = None) -> None:
        """Take no more; what was taken has its last attempts without a pause. Harmless twice.

        Waits for that, at most so many seconds.
        """
        self._closing.set()
        self._inbox.put(None)
        if self._thread.ident is None:
            self._pool.close()
        else:
            self._thread.join(timeout_s)

    def forget(self) -> None:
        """Begin anew in a forked child: what was handed over before is its parent's to carry."""
        self._reset()

    def _start(self) -> None:
        with self._starting:
            if self._thread.ident is None:
                self._thread.start()

    def _run(self) -> None:
        while (parcel := self._inbox.get()) is not None:
            self._due.append(parcel)
            while self._due:
                self._carry()
        self._pool.close()

    def _carry(self) -> None:
        """Publish what is due and what comes meanwhile, trying again as the policy says."""
        try:
            self._policy.retrying(self._closing, self._is_last)(self._attempt)
        except BrokerError as error:
            if not passes(error):
                self._take_in()
                self._give_up(error, list(self._due))
        except Exception as error:  # noqa: BLE001 - whoever waits must not wait for ever
            _LOG.exception("courier.failed")
            self._take_in()
            self._give_up(BrokerError(f"The producer failed: {error}."), list(self._due))

    def _attempt(self) -> None:
        self._got_on = False
        with self._pool.link() as link:
            self._publish(link)

    def _publish(self, link: Link) -> None:
        """Publish until nothing is due and nothing outstanding; ends early when one is rejected."""
        rejected: list[Receipt] = []
        try:
            while True:
                parcel = None if rejected else self._next()
                if parcel is not None:
                    link.publish(parcel, self._exchange)
                elif not link.outstanding:
                    break
                wait = parcel is None or link.outstanding >= WINDOW
                rejected += self._settle(link.collect(wait=wait))
        finally:
            again = [*(receipt.outgoing for receipt in rejected), *link.take_back()]
            # A link hands back what it was handed.
            self._due.extendleft(cast("list[Parcel]", again[::-1]))
        for receipt in rejected:
            if receipt.error:
                raise receipt.error

    def _next(self) -> Parcel | None:
        if not self._due:
            self._take_in(most=1)
        while self._due:
            parcel = self._due.popleft()
            if not parcel.abandoned:
                return parcel
        return None

    def _take_in(self, most: int | None = None) -> None:
        """Make due what was handed over meanwhile."""
        while most is None or len(self._due) < most:
            try:
                parcel = self._inbox.get_nowait()
            except queue.Empty:
                return
            if parcel is None:
                self._inbox.put(None)  # for the loop that ends by it
                return
            self._due.append(parcel)

    def _settle(self, receipts: list[Receipt]) -> list[Receipt]:
        """Tell of all but those that the broker may take another time, and return these."""
        rejected = [each for each in receipts if isinstance(each.error, PublishRejected)]
        final = [each for each in receipts if each not in rejected] if rejected else receipts
        if final:
            self._got_on = self._got_on or any(each.error is None for each in final)
            self._tell(final)
        return rejected

    def _is_last(self, state: tenacity.RetryCallState) -> bool:
        """Give up what has had its attempts; tell whether to begin anew with the rest, if any."""
        error = state.outcome.exception() if state.outcome else None
        self._take_in()
        now = time.monotonic()
        self._due = deque(
            replace(parcel, attempts=parcel.attempts + 1)
            for parcel in self._due
            if not parcel.abandoned
        )
        over = [parcel for parcel in self._due if self._is_over(parcel, now)]
        if over and isinstance(error, BrokerError):
            self._give_up(error, over)
        return self._got_on or not self._due

    def _is_over(self, parcel: Parcel, now: float) -> bool:
        late = now - parcel.since >= self._policy.give_up_after_s
        return late or parcel.attempts >= self._policy.attempts

    def _give_up(self, error: BrokerError, parcels: list[Parcel]) -> None:
        gone = set(map(id, parcels))
        self._due = deque(parcel for parcel in self._due if id(parcel) not in gone)
        self._tell([Receipt(parcel, error) for parcel in parcels])


_couriers: weakref.WeakSet[Courier] = weakref.WeakSet()


def _after_fork() -> None:
    for courier in _couriers:
        courier.forget()


os.register_at_fork(after_in_child=_after_fork)
