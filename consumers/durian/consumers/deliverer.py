"""The deliverer: makes one attempt of a delivery and carries out what follows."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

from durian.broker.port import Broker, Received
from durian.consumers.attempt import request_of
from durian.consumers.decision import Dead, Decision, Disable, Done, Retry, decide
from durian.consumers.delivery import Delivery
from durian.consumers.keys import SigningKeys
from durian.consumers.record import attempt_of
from durian.consumers.sender.port import Outcome, Sender
from durian.consumers.settle import Move, Settled, Settler
from durian.faults import failpoint
from durian.registry import Listener

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Counts:
    """What a delivery process has done since it started."""

    attempts: int = 0
    delivered: int = 0
    retried: int = 0
    dead: int = 0


class Deliverer:
    """Makes attempts on the threads that call it; everything it touches is safe for that."""

    def __init__(
        self,
        broker: Broker,
        settler: Settler,
        sender: Sender,
        disable: Callable[[str, str], None],
        rng: random.Random,
    ) -> None:
        self.counts = Counts()
        self._broker = broker
        self._settler = settler
        self._sender = sender
        self._disable = disable
        self._rng = rng

    def attempt(
        self, listener: Listener, keys: SigningKeys, received: Received, settled: Settled
    ) -> None:
        """Make the next attempt of a delivery and settle it.

        `settled` is called, on whatever thread, once the delivery has left this process: acked, or
        handed back by a lost connection.
        """
        delivery = Delivery.of(listener.id, received.message)
        first_wait_s = listener.policy.schedule_s[0]
        if delivery.fresh and first_wait_s > 0:
            wait = self._settler.delayed(delivery.postponed(), Retry(first_wait_s))
            self._settler.settle(received, None, wait, settled)
            return
        outcome = self._send(delivery, listener, keys)
        failpoint("delivery.answered")
        decision = decide(delivery.attempts + 1, outcome, listener.policy, self._rng)
        now = self._broker.clock.now()
        self._count(decision)
        record = attempt_of(delivery, outcome, decision, now)
        move = self._move(delivery, summary(outcome), decision, now)
        self._settler.settle(received, record, move, settled)
        if isinstance(decision, Disable):
            self._disable(listener.id, decision.reason)

    def _send(self, delivery: Delivery, listener: Listener, keys: SigningKeys) -> Outcome:
        try:
            now = self._broker.clock.now()
            request = request_of(delivery, listener, keys.signer(now), now)
            failpoint("delivery.begun")
            return self._sender.send(request)
        except Exception as error:  # noqa: BLE001  # ours: a failed attempt, not a lost delivery
            _log.exception("delivery.attempt_failed listener=%s", listener.id)
            return Outcome(kind="error", latency_s=0.0, error=f"internal error: {error!r}")

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
