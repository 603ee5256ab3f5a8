"""Whether a storm's aftermath keeps the promise, and the table that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median

from durian.consumers.lane import READY_AHEAD
from durian.producers.pipeline import WINDOW
from tests.chaos.emitter import SHARES
from tests.chaos.storm import CONCURRENCY, POSTS, PREFETCH, Aftermath

#: Deliveries of one event at most.
_FAN_OUT = 2

#: Processes that may have been added to a role at a time.
_ADDED = 2

#: What one router, and one delivery process, hold unsettled at a time: deliveries.
_ROUTED_BY_ONE = PREFETCH * _FAN_OUT
_ATTEMPTED_BY_ONE = len(SHARES) * (CONCURRENCY + READY_AHEAD)

#: What all of them hold.
_ROUTED = (POSTS["router"] + _ADDED) * _ROUTED_BY_ONE
_ATTEMPTED = (POSTS["delivery"] + _ADDED) * _ATTEMPTED_BY_ONE

#: Delayed deliveries that RabbitMQ hands on at a time: deploy/rabbitmq/advanced.config.
_HANDED_ON = 512

#: How many deliveries each kind of fault may double: what was in flight. The broker's death doubles
#: what nobody was told of any more, the producer included.
IN_FLIGHT: Mapping[str, int] = {
    "kill router": _ROUTED,
    "kill delivery": _ATTEMPTED,
    "kill recorder": 0,
    "stop broker": _ROUTED + _ATTEMPTED + WINDOW * _FAN_OUT + _HANDED_ON,
    "stop registry": 0,
    "freeze router": _ROUTED_BY_ONE,
    "freeze delivery": _ATTEMPTED_BY_ONE,
    "cut router": _ROUTED,
    "cut delivery": _ATTEMPTED,
    "block listener": 0,
    **{f"add {role}": 0 for role in POSTS},
}

#: How a process may end that nobody asked to: broker or registry could not be reached at its start.
_UNAVAILABLE = 3


def most_duplicates(aftermath: Aftermath) -> int:
    """How many deliveries may have come twice."""
    return sum(IN_FLIGHT[kind] * count for kind, count in aftermath.faults.items())


def mistakes(aftermath: Aftermath) -> list[str]:
    """Every process that ended by a mistake of ours, with its last words."""
    return [
        f"{role} ended with {code}: {' | '.join(lines)}"
        for role, code, lines in aftermath.failures
        if code != _UNAVAILABLE
    ]


def broken(aftermath: Aftermath) -> list[str]:
    """What of the promise was not kept."""
    verdict = aftermath.verdict
    counts = {
        "lost": len(verdict.lost),
        "still waiting": verdict.waiting,
        "unexpected": len(verdict.unexpected),
        "corrupted": len(verdict.corrupted),
        "strayed": sum(aftermath.strays.values()),
        "without a recovery": aftermath.unrecovered,
        "duplicated beyond what was in flight": max(
            0, verdict.duplicates - most_duplicates(aftermath)
        ),
        "processes that ended by themselves": len(mistakes(aftermath)),
    }
    return [f"{count} {what}" for what, count in counts.items() if count]


def table(aftermath: Aftermath) -> str:
    """The result, for people."""
    return "\n".join((*_totals(aftermath), "", *_recoveries(aftermath)))


def _totals(aftermath: Aftermath) -> Iterator[str]:
    verdict = aftermath.verdict
    rate = aftermath.published / aftermath.seconds
    most = most_duplicates(aftermath)
    rows = {
        "events published": f"{aftermath.published}  ({rate:.0f} a second)",
        "deliveries expected": verdict.expected,
        "delivered": verdict.delivered,
        "dead": verdict.dead,
        "waiting": verdict.waiting,
        "lost": len(verdict.lost),
        "duplicated": f"{verdict.duplicates}  (at most {most} were in flight at the faults)",
        "unexpected": len(verdict.unexpected),
        "corrupted": len(verdict.corrupted),
        "strayed": sum(aftermath.strays.values()),
        "without a record": aftermath.unrecorded,
        "processes restarted": aftermath.restarts,
    }
    for name, value in rows.items():
        yield f"{name:<22}{value}"


def _recoveries(aftermath: Aftermath) -> Iterator[str]:
    """From the fault to the first delivery of an event published after it."""
    yield f"{'fault':<18}{'times':>6}{'median':>10}{'longest':>10}   to the next delivery"
    for kind, count in sorted(aftermath.faults.items()):
        times = aftermath.recoveries_s.get(kind, ())
        middle = f"{median(times):.1f} s" if times else "-"
        longest = f"{max(times):.1f} s" if times else "-"
        yield f"{kind:<18}{count:>6}{middle:>10}{longest:>10}"
