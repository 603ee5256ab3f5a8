"""The backlog: how much waits in which queues, and how many events come, looked at now and then.

Counting the queues of ten thousand listeners takes a while, and many may ask at once: so it is done
in the background, as long as somebody asks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from durian.broker.port import Broker, QueueState
from durian.broker.topology import BUCKETS_MS, Topology
from durian.console.at_work import Process, is_consumed, is_delivering
from durian.console.inspecting import inspect_all
from durian.console.listeners import pages
from durian.errors import DurianError
from durian.registry.store import Store

_log = structlog.get_logger("durian.console")

#: Seconds between two looks at the queues that are not a listener's.
_HOUSE_EVERY_S = 5.0

#: Seconds between two looks at those of all listeners, at least; and how much longer the pause is
#: than the look, so that a broker with many queues is not kept busy by being looked at.
_LISTENERS_EVERY_S = 15.0
_PAUSE_RATIO = 10.0

#: Seconds after which nobody is taken to look any more.
_IDLE_S = 120.0

#: Seconds after which a count says nothing of now: the broker has been away since, perhaps.
_STALE_S = 60.0

#: Listeners whose queues are counted in one go.
_CHUNK = 500

#: Seconds of attempts in which is looked for listeners that have new dead letters.
_HINT_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """What waits for one listener."""

    #: Messages that are ready in its queue.
    ready: int = 0
    #: Its dead letters.
    dead: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits where, as it was a moment ago."""

    #: When it was counted, in seconds since the epoch; 0 when that was not yet possible.
    at: float = 0.0
    #: Events that wait for the router.
    route: int = 0
    #: Records of attempts that wait to be written.
    attempts: int = 0
    orphans: int = 0
    invalid: int = 0
    unrouted: int = 0
    #: Events a second that came lately; None when that cannot be told yet.
    events_per_s: float | None = None
    #: Listeners for which something waits, by id; those that were removed may have dead letters.
    listeners: dict[str, Depth] = field(default_factory=dict)
    #: Deliveries in the delay wheel.
    delayed: int = 0
    #: When these were counted; 0 when they were not yet.
    listeners_at: float = 0.0
    #: The processes of which none is at work.
    missing: frozenset[Process] = frozenset()

    @property
    def ready(self) -> int:
        """Deliveries that wait in listeners' queues."""
        return sum(depth.ready for depth in self.listeners.values())

    @property
    def dead(self) -> int:
        """Dead letters."""
        return sum(depth.dead for depth in self.listeners.values())

    def most(self, count: int) -> list[tuple[str, Depth]]:
        """The listeners for which most is waiting, the first with the most."""
        by_depth = sorted(
            self.listeners.items(), key=lambda one: one[1].ready + one[1].dead, reverse=True
        )
        return by_depth[:count]


class BacklogWatch:
    """Counts, as long as somebody asks. Safe to share by threads."""

    def __init__(
        self,
        broker: Broker,
        names: Topology,
        store: Store,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._broker = broker
        self._names = names
        self._store = store
        self._now = now
        self._backlog = Backlog()
        #: Of the archive: when it was counted, and how many messages it had.
        self._archived: tuple[float, int] | None = None
        #: Listeners whose dead-letter queue exists, as far as is known; None: all have to be asked.
        self._with_dead: set[str] | None = None
        self._asked_at = float("-inf")
        self._listeners_due = float("-inf")
        self._asked = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="durian-backlog", daemon=True)

    def start(self) -> None:
        """Begin; nothing is counted before somebody asks."""
        self._thread.start()

    def stop(self) -> None:
        """End. Harmless twice."""
        self._ending.set()
        self._asked.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> Backlog:
        """What waits where; counted a moment ago, or, when nobody asked for long, not yet."""
        self._asked_at = self._now()
        self._asked.set()
        found = self._backlog
        return Backlog() if self._is_stale(found) else found

    def depths_of(self, listener_ids: Sequence[str]) -> dict[str, Depth]:
        """What waits for some listeners now. Raises BrokerError."""
        return self._depths_in(self._states(listener_ids, listener_ids), listener_ids)

    def count(self) -> None:
        """Count what is due. Raises DurianError."""
        if self._is_stale(self._backlog):
            # What was counted then is not to be told beside what is counted now.
            self._backlog, self._listeners_due = Backlog(), float("-inf")
        self._count_house()
        if self._now() >= self._listeners_due:
            begun = self._now()
            self._count_listeners()
            took_s = self._now() - begun
            self._listeners_due = self._now() + max(_LISTENERS_EVERY_S, took_s * _PAUSE_RATIO)

    def _is_stale(self, backlog: Backlog) -> bool:
        return self._now() - max(backlog.at, backlog.listeners_at) > _STALE_S

    def _run(self) -> None:
        while not self._ending.is_set():
            self._asked.wait()
            if self._now() - self._asked_at > _IDLE_S:
                self._asked.clear()
                self._archived = None
                continue
            try:
                self.count()
            except DurianError as error:
                _log.warning("backlog.uncounted", error=str(error))
            self._ending.wait(_HOUSE_EVERY_S)

    def _count_house(self) -> None:
        names = self._names
        sides = (names.route, names.attempts, names.orphans, names.invalid, names.unrouted)
        found = inspect_all(self._broker, (*sides, names.archive))
        ready = {queue: state.ready for queue, state in found.items()}
        self._backlog = replace(
            self._backlog,
            at=self._now(),
            route=ready.get(names.route, 0),
            attempts=ready.get(names.attempts, 0),
            orphans=ready.get(names.orphans, 0),
            invalid=ready.get(names.invalid, 0),
            unrouted=ready.get(names.unrouted, 0),
            events_per_s=self._rate(ready.get(names.archive)),
            missing=self._missing(
                {
                    "router": _has_consumer(found.get(names.route)),
                    "record": _has_consumer(found.get(names.attempts)),
                }
            ),
        )

    def _missing(self, at_work: Mapping[Process, bool]) -> frozenset[Process]:
        """What is missing, now that of some processes it is known whether one is at work."""
        missing = {name for name, one in at_work.items() if not one}
        return self._backlog.missing - at_work.keys() | missing

    def _rate(self, archived: int | None) -> float | None:
        """Events a second, by how much the archive has grown since the last look."""
        before, now = self._archived, self._now()
        self._archived = None if archived is None else (now, archived)
        if before is None or archived is None or now <= before[0]:
            return None
        # What leaves the archive at its other end makes it smaller: then nothing can be told.
        grown = archived - before[1]
        return grown / (now - before[0]) if grown >= 0 else self._backlog.events_per_s

    def _count_listeners(self) -> None:
        failing = {breaker.listener_id for breaker in self._store.open_breakers()}
        there = {one.id: is_consumed(one, failing) for one in pages(self._store, None)}
        gone = self._store.removed_listeners()
        hinted = self._store.listeners_given_up(since=self._now() - _HINT_S)
        maybe = {*there, *gone} if self._with_dead is None else self._with_dead | hinted
        depths: dict[str, Depth] = {}
        consumers: list[int] = []
        ids = [*there, *gone]
        for start in range(0, len(ids), _CHUNK):
            if self._ending.is_set():
                return
            chunk = ids[start : start + _CHUNK]
            states = self._states(chunk, [one for one in chunk if one in maybe])
            depths |= self._depths_in(states, chunk)
            queues = (self._names.listener_queue(one) for one in chunk if there.get(one))
            consumers += [states[queue].consumers for queue in queues if queue in states]
        delays = inspect_all(self._broker, (self._names.delay(bucket) for bucket in BUCKETS_MS))
        self._with_dead = {name for name, depth in depths.items() if depth.dead}
        self._backlog = replace(
            self._backlog,
            listeners={name: depth for name, depth in depths.items() if depth != Depth()},
            delayed=sum(delay.ready for delay in delays.values()),
            listeners_at=self._now(),
            missing=self._missing({"deliver": is_delivering(consumers)}),
        )

    def _states(self, ids: Sequence[str], with_dead: Sequence[str]) -> dict[str, QueueState]:
        names = self._names
        queues = [names.listener_queue(one) for one in ids]
        queues += [names.dead_queue(one) for one in with_dead]
        return inspect_all(self._broker, queues)

    def _depths_in(self, states: Mapping[str, QueueState], ids: Sequence[str]) -> dict[str, Depth]:
        ready = {queue: state.ready for queue, state in states.items()}
        names = self._names
        return {
            one: Depth(
                ready=ready.get(names.listener_queue(one), 0),
                dead=ready.get(names.dead_queue(one), 0),
            )
            for one in ids
        }


def _has_consumer(queue: QueueState | None) -> bool:
    return queue is not None and queue.consumers > 0
