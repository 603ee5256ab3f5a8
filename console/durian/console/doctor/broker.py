"""What the doctor looks at on RabbitMQ: reachable, permitted, declared, and its version."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from durian.broker.blocking import count, declare_all, inspect
from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.console.at_work import MEANING, Process, advice
from durian.console.doctor.finding import Finding, fail, ok, warn
from durian.console.logs import hide_secrets
from durian.console.settings import Settings
from durian.console.wiring import open_broker, topology
from durian.consumers.archive import Archive
from durian.errors import BrokerBlocked, BrokerError, QueueMissing

#: The oldest RabbitMQ that has what Durian declares (streams, at-least-once dead-lettering).
OLDEST = (3, 10)

#: From this version on a restarted broker resumes dead-lettering at once.
REVIVES_AT_ONCE = (4, 3)

#: Records of attempts that may wait at a moment; with a recorder it is a few.
RECORDS_WAITING = 10_000

#: Seconds that one question may take.
_PATIENCE_S = 15.0


def rabbitmq(settings: Settings) -> Iterator[Finding]:
    """Whether RabbitMQ answers, and allows and holds what Durian needs."""
    if not settings.broker_url:
        advice = "Set DURIAN_BROKER_URL to keep events in RabbitMQ."
        yield warn("broker", "none is set: `durian up` keeps events in its memory", advice)
        return
    names = topology(settings)
    with open_broker(settings) as broker:
        yield ok("broker", f"{hide_secrets(settings.broker_url)} answers and takes our login")
        yield version(broker.server_version)
        yield from declared(broker, names)


def version(text: str) -> Finding:
    """Whether the broker's version is one that Durian works on, and works well on."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", text)[:2])
    if numbers < OLDEST:
        error = BrokerError(f"RabbitMQ {text} is too old.", hint="Durian needs 3.10 or newer.")
        return fail("version", error)
    if numbers < REVIVES_AT_ONCE:
        found = (
            f"RabbitMQ {text} rests dead-lettering for 180 s after a crash, unless told otherwise"
        )
        advice = (
            "Lower dead_letter_worker_publisher_confirm_timeout as in deploy/rabbitmq/"
            "advanced.config, if you have not; until then retries are late after a crash, not lost."
        )
        return warn("version", found, advice)
    return ok("version", f"RabbitMQ {text}")


def declared(broker: Broker, names: Topology) -> Iterator[Finding]:
    """Whether the topology is there, with our arguments, and may be declared."""
    try:
        route = inspect(broker, names.route, _PATIENCE_S)
    except QueueMissing:
        advice = "Run `durian topology --declare`; the router does it too when it starts."
        yield warn("topology", f"the queue {names.route} does not exist yet", advice)
        return
    # What exists is declared again without any effect, but for what it needs: permission, and
    # the same arguments.
    declare_all(broker, names.house(), _PATIENCE_S)
    events = "1 event waits" if route.ready == 1 else f"{route.ready} events wait"
    yield ok("topology", f"is declared, and {events} in {names.route}")
    yield at_work("router", route.consumers)
    attempts = inspect(broker, names.attempts, _PATIENCE_S)
    yield at_work("record", attempts.consumers)
    yield records(attempts.ready)
    yield aside("orphans", count(broker, names.orphans, _PATIENCE_S))
    yield aside("invalid", count(broker, names.invalid, _PATIENCE_S))
    yield aside("unrouted", count(broker, names.unrouted, _PATIENCE_S))
    yield publishing(broker, names)


def publishing(broker: Broker, names: Topology, patience_s: float = _PATIENCE_S) -> Finding:
    """Whether the broker takes what is published: of a shortage it tells none but who publishes."""
    archive = Archive(broker, names)
    try:
        archive.knock(patience_s)
        if not broker.state.blocked:
            # The first one may get through before the broker tells of a shortage.
            archive.knock(patience_s)
    except BrokerBlocked as error:
        return fail("publishing", error)
    if broker.state.blocked:
        return fail("publishing", BrokerBlocked())
    return ok("publishing", "what is published is taken")


def records(waiting: int) -> Finding:
    """Whether somebody writes the records of attempts."""
    if waiting <= RECORDS_WAITING:
        return ok("records", f"{waiting} records of attempts wait to be written")
    advice = "Start `durian record`, or see what its log says of the registry's database."
    return warn("records", f"{waiting} records of attempts wait to be written", advice)


def at_work(process: Process, consumers: int) -> Finding:
    """Whether somebody consumes the queue that is a process's to consume."""
    if not consumers:
        return warn(process, MEANING[process], advice(process))
    return ok(process, f"is at work; consumers of its queue: {consumers}")


def dead_letters(counts: Mapping[str, int]) -> Finding:
    """Whether listeners have dead letters, given their numbers by listener."""
    if not counts:
        return ok("dead", "there are no dead letters")
    total, most = sum(counts.values()), max(counts, key=lambda name: counts[name])
    letters = "1 dead letter waits" if total == 1 else f"{total} dead letters wait"
    advice = f"`durian dead show {most}` says why, and `durian dead replay {most}` sends again."
    return warn("dead", f"{letters} for somebody to decide; listeners: {len(counts)}", advice)


def aside(place: str, waiting: int) -> Finding:
    """Whether messages have left the way, and somebody has to decide about them."""
    if not waiting:
        return ok(place, "there are none")
    messages = "1 message waits" if waiting == 1 else f"{waiting} messages wait"
    advice = f"`durian {place} list` says why each is there, and `replay` sends them again."
    return warn(place, f"{messages} for somebody to decide", advice)
