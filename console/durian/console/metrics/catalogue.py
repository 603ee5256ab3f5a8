"""Every metric there is: its name, its kind, its labels and what it means.

docs/observability.md has a row for each. No label ever holds what strangers can make up without
end: event types are capped, and listeners are named only when DURIAN_METRICS_LISTENERS asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from durian.measures import Histogram

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A family of numbers under one name."""

    #: As it is scraped: a counter's ends in `_total`, and units are seconds.
    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A number of a metric, as it is now."""

    metric: Metric
    value: float | Histogram
    #: In the order of the metric's own.
    labels: tuple[str, ...] = ()


Readings = Iterator[Reading]

#: Reads numbers, at most once for each metric and labels. Called from any thread.
Source = Callable[[], Readings]

#: Every process tells these.
PROCESS = Metric(
    "durian_process_info",
    "gauge",
    "1; its labels tell what the process does, and by which version.",
    ("role", "version"),
)
BACKLOG_AGE = Metric(
    "durian_backlog_age_seconds",
    "gauge",
    "How old what was taken last is, 0 when idle: events at the router and the relay since they "
    "happened, deliveries since they were routed, records since their attempt.",
    ("stage",),
)

#: The parent of several processes.
RESTARTS = Metric(
    "durian_process_restarts_total",
    "counter",
    "Processes of `--processes` that ended by themselves, each of which is started again.",
)

#: Whoever has a broker.
CONNECTED = Metric(
    "durian_broker_connected", "gauge", "1 while the broker can be published to and consumed from."
)
BLOCKED = Metric(
    "durian_broker_blocked",
    "gauge",
    "1 while the broker takes nothing that is published: it is short of memory or disk, or away.",
)
RECONNECTS = Metric(
    "durian_broker_reconnects_total", "counter", "Connections made again after a loss."
)
UNCONFIRMED = Metric(
    "durian_broker_unconfirmed_messages",
    "gauge",
    "Messages that were published and that the broker has not confirmed yet.",
)

#: The router.
EVENTS = Metric(
    "durian_router_events_total",
    "counter",
    "Events that were routed, by type: the first 50, all others as `(other)`.",
    ("type",),
)
DELIVERIES = Metric(
    "durian_router_deliveries_total", "counter", "Deliveries that events were turned into."
)
UNMATCHED = Metric("durian_router_unmatched_total", "counter", "Events that no listener wanted.")
INVALID = Metric(
    "durian_router_invalid_total", "counter", "Messages that are no events, and were set aside."
)
ROUTING = Metric(
    "durian_router_seconds",
    "histogram",
    "From an event's arrival at the router to the broker's confirm of all its deliveries.",
)
EVENTS_OPEN = Metric(
    "durian_router_open_events", "gauge", "Events taken by the router and not acked yet."
)

#: The delivery process.
ATTEMPTS = Metric(
    "durian_attempts_total",
    "counter",
    "Attempts by what followed (`delivered`, `retry`, `dead`, `disabled`), by what became of the "
    "request, and by the class of the answer's status. A batch counts for each of its events.",
    ("result", "kind", "status"),
)
ATTEMPT = Metric("durian_attempt_seconds", "histogram", "What attempts took.")
DELIVERY = Metric(
    "durian_delivery_seconds",
    "histogram",
    "From an event's time to its 2xx, where the first attempt succeeded.",
)
RUNNING = Metric("durian_attempts_running", "gauge", "Attempts under way.")
CAPACITY = Metric("durian_attempts_capacity", "gauge", "Attempts that may be under way at once.")
HELD = Metric(
    "durian_deliveries_held", "gauge", "Deliveries taken from their queue that wait for a turn."
)
LISTENERS = Metric(
    "durian_listeners",
    "gauge",
    "Listeners by what this process does with them: `delivering`, `failing` (the breaker is open), "
    "`probing` (it is open, and the next attempt decides), `resting` (paused or disabled).",
    ("state",),
)

#: The recorder.
RECORDS = Metric(
    "durian_records_total",
    "counter",
    "Records of attempts: `recorded`, `refused` (set aside), `pruned` (deleted by age or number).",
    ("outcome",),
)
WRITE = Metric(
    "durian_record_write_seconds", "histogram", "Transactions that wrote a batch of records."
)
RESTING = Metric(
    "durian_recorder_resting", "gauge", "1 while the registry's database takes no records."
)

#: The relay of an outbox.
SENT = Metric("durian_relay_sent_total", "counter", "Events of an outbox that were published.")
STUCK = Metric(
    "durian_relay_stuck", "gauge", "1 while events of the outbox could not be published."
)

#: What answers by HTTP.
REQUESTS = Metric(
    "durian_http_requests_total",
    "counter",
    "Requests to the HTTP API and the web pages, by method, operation (its id in the "
    "OpenAPI document) and class of status.",
    ("method", "operation", "status"),
)
REQUEST = Metric("durian_http_request_seconds", "histogram", "What answering them took.")

#: What answers by HTTP, asking the broker.
QUEUE = Metric(
    "durian_queue_messages",
    "gauge",
    "Messages that wait: events for the `router`, deliveries in the `listeners`' queues and "
    "`delayed` ones, `dead` letters, `attempts` to be recorded, and what was set aside "
    "(`orphans`, `invalid`, `unrouted`).",
    ("queue",),
)
WAITING = Metric(
    "durian_listener_messages",
    "gauge",
    "The same for the listeners for which most waits, as many as DURIAN_METRICS_LISTENERS says: "
    "`ready` in its queue, and `dead` letters.",
    ("listener", "queue"),
)

#: All of them, as the page lists them.
METRICS = (
    PROCESS, BACKLOG_AGE, RESTARTS, CONNECTED, BLOCKED, RECONNECTS, UNCONFIRMED,
    EVENTS, DELIVERIES, UNMATCHED, INVALID, ROUTING, EVENTS_OPEN,
    ATTEMPTS, ATTEMPT, DELIVERY, RUNNING, CAPACITY, HELD, LISTENERS,
    RECORDS, WRITE, RESTING,
    SENT, STUCK,
    REQUESTS, REQUEST, QUEUE, WAITING,
)  # fmt: skip
