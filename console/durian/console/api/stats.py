"""`/v1/stats`: how deliveries fare, and what waits where."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from durian.console.api.access import Reader
from durian.console.api.moment import Moment, Seconds
from durian.console.at_work import MEANING, Process
from durian.console.backlog import Backlog
from durian.console.listeners import State, state_of
from durian.errors import InvalidInput
from durian.registry.attempt import RESULTS
from durian.registry.counts import Counts, Span
from durian.registry.listener import ID_PATTERN

router = APIRouter(prefix="/stats", tags=["stats"])

#: Seconds that rates are told of, unless something else is asked for.
USUAL_S = 3600

#: Spans that are told at once at most.
MOST_SPANS = 1500

#: Listeners that can be asked after at once.
MOST_LISTENERS = 100

#: Listeners that fail, or for which most is waiting, that are named.
NAMED = 20

_Window = Annotated[
    int,
    Query(ge=60, le=7 * 24 * 3600, description="Seconds up to now; taken to whole minutes."),
]


class Latency(BaseModel):
    """How long attempts took, in milliseconds, told by buckets; null when there were none."""

    p50: float | None
    p95: float | None
    p99: float | None


class Rates(BaseModel):
    """What came of the attempts of some time."""

    attempts: int
    results: dict[Literal["delivered", "retry", "dead", "disabled"], int]
    attempts_per_s: float
    deliveries_per_s: float = Field(description="Attempts a second that were answered with 2xx.")
    success_rate: float | None = Field(description="Their share of all; null without attempts.")
    latency_ms: Latency


class SpanRates(Rates):
    """The same of one span of a series."""

    start: Seconds


class Failing(BaseModel):
    """A listener whose breaker is open."""

    listener: str
    failing_since: Seconds
    failures: int
    next_probe_at: Seconds


class Waiting(BaseModel):
    """What waits for a listener."""

    listener: str
    ready: int = Field(description="Deliveries that wait in its queue.")
    dead: int = Field(description="Its dead letters.")


class BacklogNow(BaseModel):
    """What waits where, as it was a moment ago."""

    at: Seconds | None = Field(description="When it was counted; null: not yet, ask again.")
    listeners_at: Seconds | None = Field(description="The same of what waits for listeners.")
    route: int = Field(description="Events that wait for the router.")
    ready: int = Field(description="Deliveries that wait in listeners' queues.")
    delayed: int = Field(description="Deliveries that wait for their next attempt.")
    dead: int = Field(description="Dead letters.")
    attempts: int = Field(description="Records of attempts that wait to be written.")
    orphans: int
    invalid: int
    unrouted: int
    most: list[Waiting] = Field(description=f"The {NAMED} listeners for which most is waiting.")
    missing: list[Process] = Field(
        description="The processes of which none is at work, as far as the queues' consumers tell."
    )


class Overview(Rates):
    """How everything fares."""

    since: Seconds
    until: Seconds
    events_per_s: float | None = Field(
        description="Events that come in; null when that cannot be told yet."
    )
    listeners: int
    failing: int = Field(description="Listeners whose breaker is open.")
    worst: list[Failing] = Field(description=f"The {NAMED} of them that fail the longest.")
    backlog: BacklogNow | None = Field(description="Null for a token that is bound to an owner.")


class Series(BaseModel):
    """How attempts fared over some time; spans without any attempt are left out."""

    step_s: int
    items: list[SpanRates]


class ListenerStats(BaseModel):
    """How one listener fares."""

    listener: str
    state: State = Field(description="How it is, in a word, as `GET /listeners/ID` tells it.")
    ready: int = Field(description="Deliveries that wait in its queue.")
    dead: int = Field(description="Its dead letters.")
    rates: Rates
    minutes: list[SpanRates]


class ListenersStats(BaseModel):
    """How some listeners fare."""

    items: list[ListenerStats]


@router.get("")
def get_stats(caller: Reader, window_s: _Window = USUAL_S) -> Overview:
    """Get how everything fares: rates, latencies, listeners that fail, and what waits."""
    since, until = _window(window_s)
    counts = caller.store.attempt_counts(since=since, until=until + 60)
    breakers = sorted(caller.store.open_breakers(), key=lambda one: one.failing_since)
    backlog = caller.services.backlog.look() if caller.owner is None else None
    return Overview(
        **_rates(counts, until - since),
        since=since,
        until=until,
        events_per_s=None if backlog is None else backlog.events_per_s,
        listeners=caller.store.count_listeners(),
        failing=len(breakers),
        worst=[
            Failing(
                listener=one.listener_id,
                failing_since=one.failing_since,
                failures=one.failures,
                next_probe_at=one.next_probe_at,
            )
            for one in breakers[:NAMED]
        ],
        backlog=None if backlog is None else _backlog(backlog),
    )


@router.get("/series")
def get_series(
    *,
    caller: Reader,
    listener: Annotated[str | None, Query(pattern=ID_PATTERN)] = None,
    since: Moment | None = None,
    until: Moment | None = None,
    step_s: Annotated[
        int, Query(ge=60, le=7 * 24 * 3600, multiple_of=60, description="Seconds of a span.")
    ] = 60,
) -> Series:
    """Get how attempts fared, span by span: of a listener, or of all; an hour unless told."""
    if listener is not None:
        caller.store.get_listener(listener)
    end = time.time() + 60 if until is None else until.timestamp()
    begin = end - USUAL_S if since is None else since.timestamp()
    if (end - begin) / step_s > MOST_SPANS:
        hint = "Ask for a longer step_s, or for less time."
        raise InvalidInput("step_s", f"makes more than {MOST_SPANS} spans", hint=hint)
    spans = caller.store.attempt_series(listener, since=begin, until=end, step_s=step_s)
    return Series(step_s=step_s, items=[_span(span, step_s) for span in spans])


@router.get("/listeners")
def get_listeners_stats(
    caller: Reader,
    listener: Annotated[
        list[Annotated[str, Field(pattern=ID_PATTERN)]],
        Query(min_length=1, max_length=MOST_LISTENERS, description="Their ids."),
    ],
    window_s: Annotated[
        int, Query(ge=60, le=USUAL_S, description="Seconds up to now; taken to whole minutes.")
    ] = USUAL_S,
) -> ListenersStats:
    """Get how some listeners fare; those that do not exist are left out."""
    since, until = _window(window_s)
    entries = {one.listener.id: one for one in caller.store.list_entries(ids=listener)}
    names = list(entries)
    breakers = {one.listener_id: one for one in caller.store.open_breakers(names)}
    minutes = caller.store.counts_of_listeners(names, since=since, until=until + 60)
    depths = caller.services.backlog.depths_of(names)
    return ListenersStats(
        items=[
            ListenerStats(
                listener=name,
                state=state_of(entry.listener, breakers.get(name), readable=entry.readable),
                ready=depths[name].ready,
                dead=depths[name].dead,
                rates=Rates(**_rates(_sum(minutes.get(name, ())), until - since)),
                minutes=[_span(span, 60) for span in minutes.get(name, ())],
            )
            for name, entry in entries.items()
        ]
    )


def _window(window_s: int) -> tuple[float, float]:
    """From the beginning of a minute to now."""
    now = time.time()
    return (now - window_s) // 60 * 60, now


def _rates(counts: Counts, elapsed_s: float) -> dict[str, Any]:
    return {
        "attempts": counts.attempts,
        "results": dict(zip(RESULTS, counts.results, strict=True)),
        "attempts_per_s": counts.attempts / elapsed_s,
        "deliveries_per_s": counts.delivered / elapsed_s,
        "success_rate": counts.success_rate,
        "latency_ms": Latency(
            p50=counts.quantile_ms(0.5),
            p95=counts.quantile_ms(0.95),
            p99=counts.quantile_ms(0.99),
        ),
    }


def _span(span: Span, step_s: int) -> SpanRates:
    # The span that has not ended yet would look slower than it is.
    elapsed_s = min(step_s, max(1.0, time.time() - span.start))
    return SpanRates(start=span.start, **_rates(span.counts, elapsed_s))


def _sum(spans: Iterable[Span]) -> Counts:
    return sum((span.counts for span in spans), Counts())


def _backlog(backlog: Backlog) -> BacklogNow:
    return BacklogNow(
        at=backlog.at or None,
        listeners_at=backlog.listeners_at or None,
        route=backlog.route,
        ready=backlog.ready,
        delayed=backlog.delayed,
        dead=backlog.dead,
        attempts=backlog.attempts,
        orphans=backlog.orphans,
        invalid=backlog.invalid,
        unrouted=backlog.unrouted,
        most=[
            Waiting(listener=name, ready=depth.ready, dead=depth.dead)
            for name, depth in backlog.most(NAMED)
        ],
        missing=[process for process in MEANING if process in backlog.missing],
    )
