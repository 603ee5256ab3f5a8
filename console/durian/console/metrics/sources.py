"""Where each metric is read: from routers, delivery processes, recorders, relays and brokers."""

from __future__ import annotations

import time
from importlib.metadata import version

from durian.broker.port import Broker
from durian.console.api.measured import HttpMeasures
from durian.console.backlog import BacklogWatch
from durian.console.metrics import catalogue as metric
from durian.console.metrics.catalogue import Reading, Readings
from durian.consumers import DeliveryConsumer, Recorder
from durian.measures import Age
from durian.producers.outbox import Relay
from durian.router import Router


def of_process(role: str) -> Readings:
    """What the process is."""
    yield Reading(metric.PROCESS, 1, (role, version("durian")))


def of_supervisor(restarts: int) -> Readings:
    """What the parent of several processes had to do."""
    yield Reading(metric.RESTARTS, restarts)


def of_broker(broker: Broker) -> Readings:
    """How things stand with the broker."""
    state = broker.state
    yield Reading(metric.CONNECTED, state.connected)
    yield Reading(metric.BLOCKED, state.blocked)
    yield Reading(metric.RECONNECTS, state.reconnects)
    yield Reading(metric.UNCONFIRMED, state.unconfirmed)


def of_router(router: Router) -> Readings:
    """What a router did, and does."""
    counts, measures = router.counts, router.measures
    for (event_type,), count in measures.types.read().items():
        yield Reading(metric.EVENTS, count, (event_type,))
    yield Reading(metric.DELIVERIES, counts.deliveries)
    yield Reading(metric.UNMATCHED, counts.unmatched)
    yield Reading(metric.INVALID, counts.invalid)
    yield Reading(metric.ROUTING, measures.routing)
    yield Reading(metric.EVENTS_OPEN, measures.open)
    yield _age("router", measures.backlog, busy=measures.open > 0)


def of_delivery(delivery: DeliveryConsumer) -> Readings:
    """What a delivery process did, and does."""
    measures, load = delivery.measures, delivery.load
    for labels, count in measures.outcomes.read().items():
        yield Reading(metric.ATTEMPTS, count, labels)
    yield Reading(metric.ATTEMPT, measures.attempts)
    yield Reading(metric.DELIVERY, measures.deliveries)
    yield Reading(metric.RUNNING, load.running)
    yield Reading(metric.CAPACITY, load.capacity)
    yield Reading(metric.HELD, load.held)
    for state, count in load.lanes.items():
        yield Reading(metric.LISTENERS, count, (state,))
    yield _age("deliver", measures.backlog)


def of_recorder(recorder: Recorder) -> Readings:
    """What a recorder did, and does."""
    counts, measures = recorder.counts, recorder.measures
    yield Reading(metric.RECORDS, counts.recorded, ("recorded",))
    yield Reading(metric.RECORDS, counts.refused, ("refused",))
    yield Reading(metric.RECORDS, counts.pruned, ("pruned",))
    yield Reading(metric.WRITE, measures.writes)
    yield Reading(metric.RESTING, recorder.resting)
    yield _age("record", measures.backlog, busy=recorder.resting)


def of_relay(relay: Relay) -> Readings:
    """What a relay did, and does."""
    yield Reading(metric.SENT, relay.sent)
    yield Reading(metric.STUCK, relay.stuck)
    yield _age("relay", relay.backlog, busy=relay.stuck)


def of_http(measures: HttpMeasures) -> Readings:
    """What was asked of the HTTP face."""
    for labels, count in measures.requests.read().items():
        yield Reading(metric.REQUESTS, count, labels)
    yield Reading(metric.REQUEST, measures.seconds)


def of_backlog(watch: BacklogWatch, listeners: int) -> Readings:
    """What waits where, and for which `listeners` most: nothing while that is not known yet."""
    backlog = watch.look()
    if backlog.at:
        for queue in ("attempts", "orphans", "invalid", "unrouted"):
            yield Reading(metric.QUEUE, getattr(backlog, queue), (queue,))
        yield Reading(metric.QUEUE, backlog.route, ("router",))
    if not backlog.listeners_at:
        return
    yield Reading(metric.QUEUE, backlog.ready, ("listeners",))
    yield Reading(metric.QUEUE, backlog.delayed, ("delayed",))
    yield Reading(metric.QUEUE, backlog.dead, ("dead",))
    for name, depth in backlog.most(listeners):
        yield Reading(metric.WAITING, depth.ready, (name, "ready"))
        yield Reading(metric.WAITING, depth.dead, (name, "dead"))


def _age(stage: str, age: Age, *, busy: bool = False) -> Reading:
    return Reading(metric.BACKLOG_AGE, age.read(time.time(), busy=busy), (stage,))
