"""The deliverer: makes one attempt of a delivery and carries out what follows."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass, replace

from durian.broker.port import Broker, Received
from durian.consumers.attempt import request_of
from durian.consumers.breaker import is_failure
from durian.consumers.bulletin import Bulletin
from durian.consumers.decision import Dead, Decision, Disable, Done, Retry, decide
from durian.consumers.delivery import Delivery
from durian.consumers.keys import ListenerKeys
from durian.consumers.record import attempt_of
from durian.consumers.sender.port import Outcome, Sender
from durian.consumers.settle import Move, Settled, Settler
from durian.faults import failpoint
from durian.registry import Head, Listener

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Counts:
    """What a delivery process has done since it started."""

    attempts: int = 0
    delivered: int = 0
    retried: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
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


class Deliverer:
    """Makes attempts on the threads that call it; everything it touches is safe for that."""

    def __init__(
        self,
        broker: Broker,
        settler: Settler,
        sender: Sender,
        bulletin: Bulletin,
        rng: random.Random,
    ) -> None:
        self.counts = Counts()
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
        *,
        head: Head | None = None,
    ) -> Ended | None:
        """Make the next attempt of a delivery and settle it; None when it has to wait first.

        `head` is what is known of the delivery beyond its message. `settled` is called, on whatever
        thread, once the delivery has left this process (acked, or handed back by a lost
        connection), or at once when it stays in its queue for its order's sake.
        """
        delivery = Delivery.of(listener.id, received.message)
        if head is not None:
            delivery = replace(delivery, attempts=head.attempts, first_at_ms=head.first_at_ms)
        first_wait_s = listener.policy.schedule_s[0]
        if delivery.fresh and first_wait_s > 0:
            wait = self._settler.delayed(delivery.postponed(), Retry(first_wait_s))
            self._settler.settle(received, None, wait, settled)
            return None
        outcome = self._send(delivery, listener, keys)
        failpoint("delivery.answered")
        ended = Ended(
            delivery=delivery,
            decision=decide(delivery.attempts + 1, outcome, listener.policy, self._rng),
            at=self._broker.clock.now(),
            failed=is_failure(outcome, listener.policy),
            error=summary(outcome),
            public_error=public_summary(outcome),
        )
        self._count(ended.decision)
        self._settle(listener, received, outcome, ended, settled)
        return ended

    def _settle(
        self,
        listener: Listener,
        received: Received,
        outcome: Outcome,
        ended: Ended,
        settled: Settled,
    ) -> None:
        record = attempt_of(ended.delivery, outcome, ended.decision, ended.at)
        if listener.policy.ordered and isinstance(ended.decision, Retry):
            self._settler.record(received, record)
            settled()
            return
        move = self._move(ended.delivery, ended.error, ended.decision, ended.at)
        dead = isinstance(ended.decision, Dead | Disable)
        news = self._bulletin.dead(listener, ended.delivery, outcome) if dead else None
        self._settler.settle(received, record, move, settled, news=[news] if news else [])

    def _send(self, delivery: Delivery, listener: Listener, keys: ListenerKeys) -> Outcome:
        try:
            now = self._broker.clock.now()
            request = request_of(delivery, listener, keys, now)
            failpoint("delivery.begun")
            return self._sender.send(request)
        except Exception as error:  # noqa: BLE001  # ours: a failed attempt, not a lost delivery
            # The log has the rest, which is nothing for the listener's owner.
            _log.exception("delivery.attempt_failed listener=%s", listener.id)
            reason = f"internal error: {type(error).__name__}"
            return Outcome(kind="error", latency_s=0.0, error=reason)

    def _move(self, delivery: Delivery, error: str, decision: Decision, now: float) -> Move | None:
        """Where the delivery goes next; None when it is done."""
        match decision:
            case Done():
                return None
            case Retry():
                return self._settler.delayed(delivery.tried(error, now), decision)
            case Dead(reason) | Disable(reason):
                _log.warning(
                    "delivery.dead listener=%s event=%s reason=%s",
                    delivery.listener_id,
                    delivery.event_id,
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


def summary(outcome: Outcome) -> str:
    """What became of an attempt, in one line for the operator."""
    if outcome.status is not None:
        return f"status {outcome.status}"
    return f"{outcome.kind}: {outcome.error}" if outcome.error else outcome.kind


def public_summary(outcome: Outcome) -> str:
    """What became of an attempt, in one line for the listener's owner."""
    return f"status {outcome.status}" if outcome.status is not None else outcome.public_error
