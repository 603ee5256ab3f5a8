"""The deliverer: begins one attempt of a delivery, and carries out what follows on its outcome."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from durian.broker.port import Broker, Received
from durian.consumers.attempt import request_of
from durian.consumers.breaker import is_failure
from durian.consumers.bulletin import Bulletin
from durian.consumers.decision import Dead, Decision, Disable, Done, Retry, decide
from durian.consumers.delivery import Delivery
from durian.consumers.keys import ListenerKeys
from durian.consumers.measures import DeliveryMeasures
from durian.consumers.record import attempt_of, result_of
from durian.consumers.sender.port import Outcome, Sender
from durian.consumers.settle import Move, Settled, Settler
from durian.faults import failpoint
from durian.registry import Head, Listener, Policy
from durian.tracing import attempted, is_traced

_log = logging.getLogger(__name__)

#: Seconds before a delivery goes back to its queue over which we stumbled ourselves: it is tried
#: again, and the broker makes it a dead letter when that happened a thousand times.
AGAIN_AFTER_S = 30.0


@dataclass(slots=True)
class Counts:
    """What a delivery process has done since it started."""

    attempts: int = 0
    delivered: int = 0
    retried: int = 0
    dead: int = 0


# Not frozen, which would take it five times as long to be made: there is one for every attempt.
@dataclass(slots=True, kw_only=True)
class Ended:
    """How an attempt ended."""

    delivery: Delivery
    decision: Decision
    #: When, in seconds since the epoch.
    at: float
    #: True when it counts against the listener.
    failed: bool
    #: In one line for the operator, and for the listener's owner.
    error: str
    public_error: str


@dataclass(frozen=True, slots=True)
class Split:
    """A batch was too large for its receiver: its deliveries are to be tried again in halves."""


@dataclass(slots=True)
class _Work:
    """One attempt, and whom to tell of it."""

    listener: Listener
    received: Received
    settled: Settled
    ended: Callable[[Ended | None], None]


class Deliverer:
    """Begins attempts, and carries out what follows. Everything here runs on the broker's loop."""

    def __init__(
        self,
        broker: Broker,
        settler: Settler,
        sender: Sender,
        bulletin: Bulletin,
        rng: random.Random,
    ) -> None:
        self.counts = Counts()
        self.measures = DeliveryMeasures()
        self._broker = broker
        self._settler = settler
        self._sender = sender
        self._bulletin = bulletin
        self._rng = rng

    def attempt(
        self,
        listener: Listener,
        keys: ListenerKeys,
        received: Received,
        settled: Settled,
        ended: Callable[[Ended | None], None],
        *,
        head: Head | None = None,
    ) -> None:
        """Begin the next attempt of a delivery, and settle it once its outcome is known.

        `head` is what is known of the delivery beyond its message. `ended` is told how the attempt
        ended; None when the delivery has to wait first, or we stumbled. `settled` is called once
        the delivery has left this process (acked, or handed back by a lost connection), or at once
        when it stays in its queue for its order's sake.
        """
        work = _Work(listener, received, settled, ended)
        self._guarded(work, partial(self._begin, work, keys, head))

    def _guarded(self, work: _Work, step: Callable[[], None]) -> None:
        """Take a step; should we stumble, the delivery must not be held for ever."""
        try:
            step()
        except Exception:  # noqa: BLE001  # ours, whatever it is
            give_back(self._broker, work.listener, [work.received])
            work.settled()
            work.ended(None)

    def _begin(self, work: _Work, keys: ListenerKeys, head: Head | None) -> None:
        listener = work.listener
        delivery = Delivery.of(listener.id, work.received.message)
        if head is not None:
            delivery = replace(delivery, attempts=head.attempts, first_at_ms=head.first_at_ms)
        first_wait_s = listener.policy.schedule_s[0]
        if delivery.fresh and first_wait_s > 0:
            wait = self._settler.delayed(delivery.postponed(), Retry(first_wait_s))
            self._settler.settle(work.received, None, wait, work.settled)
            work.ended(None)
            return
        now = self._broker.clock.now()
        self.measures.begun(delivery, now)
        try:
            request = request_of(delivery, listener, keys, now)
            failpoint("delivery.begun")
        except Exception as error:  # noqa: BLE001  # ours: a failed attempt, not a lost delivery
            self._end(work, delivery, unmade(listener, error))
        else:
            self._sender.begin(request, partial(self._answered, work, delivery))

    def _answered(self, work: _Work, delivery: Delivery, outcome: Outcome) -> None:
        """An attempt has its outcome. Called from any thread."""
        step = partial(self._end, work, delivery, outcome)
        self._broker.call(partial(self._guarded, work, step))

    def _end(self, work: _Work, delivery: Delivery, outcome: Outcome) -> None:
        failpoint("delivery.answered")
        policy = work.listener.policy
        decision = decide(delivery.attempts + 1, outcome, policy, self._rng)
        ended = ended_of(delivery, outcome, decision, policy, self._broker.clock.now())
        stays = policy.ordered and isinstance(decision, Retry)
        self.follow(work.listener, work.received, ended, outcome, work.settled, stays=stays)
        work.ended(ended)

    def follow(
        self,
        listener: Listener,
        received: Received,
        ended: Ended,
        outcome: Outcome,
        settled: Settled,
        *,
        stays: bool,
    ) -> None:
        """Count and record an attempt that has ended, and settle its delivery unless it stays."""
        self._count(ended.decision)
        self.measures.ended(ended.delivery, outcome, result_of(ended.decision), ended.at)
        _trace(ended, outcome)
        record = attempt_of(ended.delivery, outcome, ended.decision, ended.at)
        if stays:
            self._settler.record(received, record)
            settled()
            return
        move = self._move(ended.delivery, ended.error, ended.decision, ended.at)
        dead = isinstance(ended.decision, Dead | Disable)
        news = self._bulletin.dead(listener, ended.delivery, outcome) if dead else None
        self._settler.settle(received, record, move, settled, news=[news] if news else [])

    def _move(self, delivery: Delivery, error: str, decision: Decision, now: float) -> Move | None:
        """Where the delivery goes next; None when it is done."""
        match decision:
            case Done():
                return None
            case Retry():
                return self._settler.delayed(delivery.tried(error, now), decision)
            case Dead(reason) | Disable(reason):
                _log.warning(
                    # What people give to `durian explain` and `dead replay`.
                    "delivery.dead listener=%s event_id=%s type=%s webhook_id=%s reason=%s",
                    delivery.listener_id,
                    delivery.event_id,
                    delivery.message.headers.get("ce-type", ""),
                    delivery.webhook_id,
                    reason,
                )
                return self._settler.buried(delivery.given_up(reason, error, now))

    def _count(self, decision: Decision) -> None:
        self.counts.attempts += 1
        match decision:
            case Done():
                self.counts.delivered += 1
            case Retry():
                self.counts.retried += 1
            case _:
                self.counts.dead += 1


def give_back(broker: Broker, listener: Listener, received: Iterable[Received]) -> None:
    """Log the mistake of ours that is being handled, and give deliveries back after a while."""
    _log.exception("delivery.failed listener=%s", listener.id)
    for each in received:
        broker.call_later(AGAIN_AFTER_S, partial(broker.requeue, each))


def unmade(listener: Listener, error: Exception) -> Outcome:
    """Log the mistake of ours that is being handled; it is the outcome of an attempt not made."""
    # The log has the rest, which is nothing for the listener's owner.
    _log.exception("delivery.attempt_failed listener=%s", listener.id)
    return Outcome(kind="error", latency_s=0.0, error=f"internal fault: {type(error).__name__}")


def ended_of(
    delivery: Delivery, outcome: Outcome, decision: Decision, policy: Policy, at: float
) -> Ended:
    """Tell how an attempt ended at a moment, in seconds since the epoch."""
    return Ended(
        delivery=delivery,
        decision=decision,
        at=at,
        failed=is_failure(outcome, policy),
        error=summary(outcome),
        public_error=public_summary(outcome),
    )


def _trace(ended: Ended, outcome: Outcome) -> None:
    """Tell the attempt as a span of the event's trace, if it has one."""
    delivery = ended.delivery
    if not is_traced(delivery.message.headers):
        return
    about: dict[str, str | int] = {
        "durian.listener": delivery.listener_id,
        "durian.webhook_id": delivery.webhook_id,
        "durian.attempt": delivery.attempts + 1,
        "durian.result": result_of(ended.decision),
    }
    if outcome.status is not None:
        about["http.response.status_code"] = outcome.status
    error = "" if isinstance(ended.decision, Done) else ended.error
    began_at = ended.at - outcome.latency_s
    attempted(delivery.message.headers, began_at, ended.at, about=about, error=error)


def summary(outcome: Outcome) -> str:
    """What became of an attempt, in one line for the operator."""
    if outcome.status is not None:
        return f"status {outcome.status}"
    return f"{outcome.kind}: {outcome.error}" if outcome.error else outcome.kind


def public_summary(outcome: Outcome) -> str:
    """What became of an attempt, in one line for the listener's owner."""
    return f"status {outcome.status}" if outcome.status is not None else outcome.public_error
