"""The breaker: when a listener that fails is left alone, for how long, and when for good.

Pure: moments come in as seconds since the epoch. `circuit` lives by these rules.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

from durian.consumers.sender.port import Outcome
from durian.registry.breaker import OpenBreaker
from durian.registry.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRules:
    """What a deployment says about listeners that fail."""

    #: Failed attempts in a row that open a listener's breaker.
    failures: int = 10
    #: Seconds before the first probe. Doubled with each probe that fails.
    pause_s: float = 10.0
    #: The longest pause, in seconds.
    longest_pause_s: float = 600.0
    #: Share of a pause by which it varies, each way: listeners of one host fail together, and are
    #: not to be asked together.
    jitter: float = 0.1
    #: Seconds without a success after which a listener is disabled.
    disable_after_s: float = 5 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Run:
    """Failed attempts in a row."""

    failures: int = 0
    #: When the first of them ended; None when there is none.
    since: float | None = None

    def failed(self, now: float) -> Run:
        """Count another one."""
        return Run(self.failures + 1, now if self.since is None else self.since)


def is_failure(outcome: Outcome, policy: Policy) -> bool:
    """Tell whether an outcome counts against the listener.

    Everything but a 2xx does, whoever's fault it is: a wrong URL that answers 404 is not to be
    hammered either. A status that the policy gives up at once does not: the receiver answered, and
    judged this one event as its owner foresaw.
    """
    return not outcome.ok and outcome.status not in policy.no_retry_statuses


def opened(
    listener_id: str, run: Run, now: float, rules: BreakerRules, rng: random.Random
) -> OpenBreaker | None:
    """Open a breaker once the run is long enough; None before."""
    if run.failures < rules.failures:
        return None
    return OpenBreaker(
        listener_id=listener_id,
        failing_since=now if run.since is None else run.since,
        failures=run.failures,
        opened_at=now,
        next_probe_at=now + pause_s(0, rules, rng),
    )


def postponed(
    breaker: OpenBreaker, now: float, rules: BreakerRules, rng: random.Random
) -> OpenBreaker:
    """Wait longer after a probe that failed."""
    probes = breaker.probes + 1
    return replace(
        breaker,
        failures=breaker.failures + 1,
        probes=probes,
        next_probe_at=now + pause_s(probes, rules, rng),
        holder="",
    )


def pause_s(probes: int, rules: BreakerRules, rng: random.Random) -> float:
    """How long to wait before a probe, in seconds, after so many that failed."""
    # Capped before it is raised: a listener may fail for longer than a float can count.
    doubled_s = math.ldexp(rules.pause_s, min(probes, 64))
    return min(doubled_s, rules.longest_pause_s) * (1 + rules.jitter * rng.uniform(-1, 1))


def is_hopeless(breaker: OpenBreaker, now: float, rules: BreakerRules) -> bool:
    """Tell whether a listener has failed for so long that it is to be disabled."""
    return now - breaker.failing_since >= rules.disable_after_s
