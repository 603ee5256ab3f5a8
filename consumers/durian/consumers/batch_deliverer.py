"""The deliverer of batches: one request for several deliveries, and what follows for each."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from durian.broker.port import Broker
from durian.broker.topology import bucket_for
from durian.consumers.attempt import batch_request_of
from durian.consumers.batch import Batch
from durian.consumers.decision import Decision, Retry, decide
from durian.consumers.deliverer import Deliverer, Ended, Split, ended_of, give_back, unmade
from durian.consumers.delivery import Delivery, batch_id_of
from durian.consumers.keys import ListenerKeys
from durian.consumers.sender.port import Outcome, Sender
from durian.consumers.settle import Settled, Settler
from durian.faults import failpoint
from durian.registry import Listener

_log = logging.getLogger(__name__)

#: 413 Content Too Large: of a batch it says nothing about its events.
TOO_LARGE: Final = 413

#: Told how the attempt ended: for all deliveries of the batch alike.
Told = Callable[[Ended | Split | None], None]


@dataclass(frozen=True, slots=True)
class _Work:
    """One attempt at a batch, and whom to tell of it."""

    listener: Listener
    batch: Batch
    deliveries: Sequence[Delivery]
    settled: Settled
    ended: Told


class BatchDeliverer:
    """Begins attempts at batches, and carries out what follows. All on the broker's loop."""

    def __init__(
        self,
        broker: Broker,
        settler: Settler,
        sender: Sender,
        deliverer: Deliverer,
        rng: random.Random,
    ) -> None:
        self._broker = broker
        self._settler = settler
        self._sender = sender
        self._deliverer = deliverer
        self._rng = rng

    def attempt(
        self, listener: Listener, keys: ListenerKeys, batch: Batch, settled: Settled, ended: Told
    ) -> None:
        """Begin the next attempt of a batch's deliveries, which were tried equally often.

        As `Deliverer.attempt`, for all of them: they wait, are done and are given up together. When
        the batch is too large for its receiver, `ended` is told to split it; its deliveries stay
        where they are, and whoever is told has them.
        """
        deliveries = [Delivery.of(listener.id, each.received.message) for each in batch.members]
        work = _Work(listener, batch, deliveries, settled, ended)
        self._guarded(work, partial(self._begin, work, keys))

    def _guarded(self, work: _Work, step: Callable[[], None]) -> None:
        """Take a step; should we stumble, no delivery must be held for ever."""
        try:
            step()
        except Exception:  # noqa: BLE001  # ours, whatever it is
            members = work.batch.members
            give_back(self._broker, work.listener, [member.received for member in members])
            work.settled()
            work.ended(None)

    def _begin(self, work: _Work, keys: ListenerKeys) -> None:
        listener, deliveries = work.listener, work.deliveries
        first_wait_s = listener.policy.schedule_s[0]
        if deliveries[0].fresh and first_wait_s > 0:
            self._postpone(work, first_wait_s)
            return
        now = self._broker.clock.now()
        batch_id = batch_id_of([delivery.webhook_id for delivery in deliveries])
        for delivery in deliveries:
            delivery.batch_id = batch_id
            delivery.batch_size = len(deliveries)
            self._deliverer.measures.begun(delivery, now)
        try:
            request = batch_request_of(batch_id, work.batch.body(), listener, keys, now)
            failpoint("delivery.begun")
        except Exception as error:  # noqa: BLE001  # ours: a failed attempt, not a lost delivery
            self._end(work, unmade(listener, error))
        else:
            self._sender.begin(request, partial(self._answered, work))

    def _postpone(self, work: _Work, wait_s: float) -> None:
        wait = self._same(wait_s)
        settled = _after(len(work.deliveries), work.settled)
        for member, delivery in zip(work.batch.members, work.deliveries, strict=True):
            move = self._settler.delayed(delivery.postponed(), wait)
            self._settler.settle(member.received, None, move, settled)
        work.ended(None)

    def _answered(self, work: _Work, outcome: Outcome) -> None:
        """An attempt has its outcome. Called from any thread."""
        step = partial(self._end, work, outcome)
        self._broker.call(partial(self._guarded, work, step))

    def _end(self, work: _Work, outcome: Outcome) -> None:
        failpoint("delivery.answered")
        first = work.deliveries[0]
        if outcome.status == TOO_LARGE and len(work.deliveries) > 1:
            events = len(work.deliveries)
            _log.info("delivery.batch_split listener=%s events=%d", work.listener.id, events)
            # The same attempt goes on, in two requests.
            split = self._follow(work, outcome, Retry(0.0), stays=True)
            for member in work.batch.members:
                member.split_at = split.at
            work.ended(Split())
            return
        decision = decide(first.attempts + 1, outcome, work.listener.policy, self._rng)
        if isinstance(decision, Retry) and not decision.exact:
            decision = self._same(decision.after_s)
        work.ended(self._follow(work, outcome, decision, stays=False))

    def _follow(self, work: _Work, outcome: Outcome, decision: Decision, *, stays: bool) -> Ended:
        """Carry out a decision for each delivery; return how the attempt ended."""
        listener = work.listener
        # Records of one attempt are told apart by the millisecond.
        split_at = max(member.split_at for member in work.batch.members)
        now = max(self._broker.clock.now(), split_at + 0.001)
        settled = _after(len(work.deliveries), work.settled)
        for member, delivery in zip(work.batch.members, work.deliveries, strict=True):
            ended = ended_of(delivery, outcome, decision, listener.policy, now)
            self._deliverer.follow(listener, member.received, ended, outcome, settled, stays=stays)
        return ended

    def _same(self, wait_s: float) -> Retry:
        """Make a wait that is the same for all: each by itself would choose its own bucket."""
        return Retry(bucket_for(wait_s, self._rng) / 1000, exact=True)


def _after(times: int, settled: Settled) -> Settled:
    """Make what calls `settled` when it is called for the last of so many times."""
    left = times

    def one() -> None:
        nonlocal left
        left -= 1
        if not left:
            settled()

    return one
