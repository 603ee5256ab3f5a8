"""What the doctor looks at between registry and broker: whether the queues that come and go fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from durian.broker.blocking import declare_all
from durian.broker.parts import Part
from durian.broker.port import Broker
from durian.broker.topology import BUCKETS_MS, Topology
from durian.console.at_work import MEANING, advice, is_consumed, is_delivering
from durian.console.doctor.broker import dead_letters
from durian.console.doctor.finding import Finding, fail, ok, warn
from durian.console.inspecting import inspect_all
from durian.console.listeners import pages
from durian.console.operations import dead
from durian.console.operations.operation import Context
from durian.console.operations.runner import unseen
from durian.console.settings import Settings
from durian.console.wiring import open_broker, open_store, topology
from durian.control import declare_queues
from durian.errors import TopologyMismatch
from durian.registry import Listener


def queues(settings: Settings) -> Iterator[Finding]:
    """Whether every enabled listener has the queue it needs, and what is shared is ours."""
    if not settings.broker_url:
        return  # the embedded broker's are made by `durian up` itself
    with open_store(settings) as store, open_broker(settings) as broker:
        names, everyone = topology(settings), list(pages(store, None))
        yield from checked(broker, names, everyone)
        failing = {breaker.listener_id for breaker in store.open_breakers()}
        yield delivering(broker, names, [one.id for one in everyone if is_consumed(one, failing)])
        context = Context(broker=broker, names=names, store=store)
        yield dead_letters(dead.count(context, dead.Count(), unseen))


def checked(broker: Broker, names: Topology, listeners: Sequence[Listener]) -> Iterator[Finding]:
    """What is found of queues; none is made here that is missing."""
    enabled = [listener for listener in listeners if listener.enabled]
    states = inspect_all(broker, (names.listener_queue(one.id) for one in enabled))
    there = [one for one in enabled if names.listener_queue(one.id) in states]
    # What is there is declared again without any effect, if its arguments are ours.
    mismatches = declare_queues(broker, names, there)
    wrong = [fail(f"queue of {each}", error) for each, error in mismatches.items()]
    wrong += _others(broker, names, listeners)
    yield from wrong
    ids = {one.id for one in there}
    if missing := [one.id for one in enabled if one.id not in ids]:
        found = f"listeners without one: {len(missing)}, such as {missing[0]}"
        yield warn("queues", found, "Start `durian router`: it declares them.")
    elif not wrong:
        yield ok("queues", f"are as they should be; enabled listeners: {len(enabled)}")


def delivering(broker: Broker, names: Topology, listener_ids: Sequence[str]) -> Finding:
    """Whether anybody delivers, given the listeners whose queues would be consumed then."""
    found = inspect_all(broker, map(names.listener_queue, listener_ids))
    consumers = [state.consumers for state in found.values()]
    if not is_delivering(consumers):
        return warn("deliver", MEANING["deliver"], advice("deliver"))
    there = sum(count > 0 for count in consumers)
    return ok("deliver", f"listeners whose queues are consumed: {there} of {len(listener_ids)}")


def _others(broker: Broker, names: Topology, listeners: Sequence[Listener]) -> Iterator[Finding]:
    """The queues of delays and dead letters that are not ours."""
    others: dict[str, Sequence[Part]] = {
        names.delay(bucket): names.delay_bucket(bucket) for bucket in BUCKETS_MS
    }
    others |= {names.dead_queue(one.id): names.dead_letters(one.id) for one in listeners}
    for queue in inspect_all(broker, others):
        try:
            declare_all(broker, others[queue])
        except TopologyMismatch as error:
            yield fail(f"queue {queue}", error)
