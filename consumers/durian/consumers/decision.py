"""What happens after an attempt: a pure function from its outcome to the next step."""

from __future__ import annotations

import random
from dataclasses import dataclass

from durian.consumers.sender.port import Outcome
from durian.registry.policy import Policy

#: A receiver may ask for at most this many seconds of patience (24 h), or it could park its
#: deliveries for years.
LONGEST_RETRY_AFTER_S = 24 * 3600.0

#: The statuses whose `Retry-After` counts: 429 Too Many Requests and 503 Service Unavailable.
PATIENCE_STATUSES = frozenset({429, 503})

#: 410 Gone: the receiver says that it will never want events again.
GONE = 410

#: Why a delivery to an address that may not be called is given up at once.
BLOCKED = "blocked address"


@dataclass(frozen=True, slots=True)
class Done:
    """The receiver took the event."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again later."""

    #: Seconds to wait from now, jitter included.
    after_s: float
    #: True when the wait must not be shorter (`Retry-After`); else the nearest delay serves.
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Dead:
    """Give the delivery up: it becomes a dead letter."""

    #: One line, for people.
    reason: str


@dataclass(frozen=True, slots=True)
class Disable:
    """Give the delivery up and disable its listener."""

    #: One line, for people.
    reason: str


Decision = Done | Retry | Dead | Disable


def decide(attempt: int, outcome: Outcome, policy: Policy, rng: random.Random) -> Decision:
    """Decide what follows on the outcome of an attempt.

    Args:
        attempt: Which attempt of this delivery it was, counted from 1.
        outcome: What became of it.
        policy: The listener's policy: `schedule_s[n]` is the wait before attempt n + 1.
        rng: Where jitter comes from.
    """
    if outcome.ok:
        return Done()
    if outcome.kind == "blocked":
        return Dead(BLOCKED)
    if outcome.status == GONE:
        return Disable("410 Gone")
    if outcome.status in policy.no_retry_statuses:
        return Dead(f"status {outcome.status} is not retried")
    if attempt >= len(policy.schedule_s):
        return Dead(_used_up(attempt, outcome))
    return _retry(policy.schedule_s[attempt], outcome, policy.jitter, rng)


def _retry(wait_s: float, outcome: Outcome, jitter: float, rng: random.Random) -> Retry:
    wait_s *= 1 + jitter * rng.uniform(-1, 1)
    if outcome.status in PATIENCE_STATUSES and outcome.retry_after_s is not None:
        asked_s = min(outcome.retry_after_s, LONGEST_RETRY_AFTER_S)
        if asked_s > wait_s:
            return Retry(asked_s, exact=True)
    return Retry(wait_s)


def _used_up(attempts: int, outcome: Outcome) -> str:
    if attempts == 1:
        return f"its only attempt failed with {_name(outcome)}"
    return f"{attempts} attempts failed, the last with {_name(outcome)}"


def _name(outcome: Outcome) -> str:
    return f"status {outcome.status}" if outcome.status is not None else outcome.kind
