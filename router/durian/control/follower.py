"""Keeping a process's picture of the registry current.

A control message says "look now"; a timer looks anyway, so that a lost message costs at most one
poll. The database is only ever asked from the follower's own thread: however slow or dead it is,
events and deliveries go on by the last known picture.
"""

from __future__ import annotations

import logging
import queue
import threading
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Protocol

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_when_event_set,
    wait_random_exponential,
)

from durian.broker.port import Broker, Received, Subscription
from durian.broker.topology import Topology
from durian.control.check import QueueCheck
from durian.control.queues import ListenerQueues, RemovedListeners, declare_queues
from durian.errors import BrokerError, DurianError, QueueMissing
from durian.registry.changes import Changes

_log = logging.getLogger(__name__)

#: Seconds between two looks when a look failed: full jitter, so that a herd of processes does not
#: fall upon a database that has just come back.
_RETRY_WAIT = wait_random_exponential(multiplier=0.2, max=5.0)

#: Seconds that a stop waits for a change that is being applied.
_JOIN_S = 5.0

#: Seconds before the control queue is had again when somebody has deleted it.
_CONTROL_AGAIN_S = 30.0

#: Control messages are acked at once, so a few on the way are plenty.
_PREFETCH = 32

#: Listeners that are handed on again at once, at most.
_AGAIN_MOST = 1000

#: Does what a page of changes asks for, given the ids of those of its listeners that are unready;
#: returns the ids of others that it could do nothing with for now.
Apply = Callable[[Changes, Collection[str]], Collection[str]]


class ChangeSource(RemovedListeners, Protocol):
    """The part of the registry's store that followers read."""

    def stream(self, since: int) -> Iterator[Changes]:
        """Pages of what changed after a version; see durian.registry.store.Store."""

    def changes_of(self, listener_ids: Collection[str]) -> Changes:
        """Listeners as they are now, those that are gone left out."""


class Follower:
    """Hands every change of the registry to `apply`, in order, until it is stopped.

    The queue of an enabled listener is declared before. One that exists in another form holds up
    nobody else: its listener is handed to `apply` as unready. It is handed on again after each
    look until its queue is as it has to be, and so is a listener that `apply` could do nothing
    with. After a listener was removed its queue is deleted.

    `on_synced` is called once, when the whole registry has been applied for the first time;
    `on_look` after each look at it, whether something has changed or not. One that resumes an
    earlier picture has only to apply what changed since; it reads all the rest again afterwards.

    `apply` runs on the follower's thread and may block; the version moves on once it returned. A
    DurianError from it, or from the registry, is logged once and the same change is tried again.
    """

    def __init__(
        self,
        source: ChangeSource,
        broker: Broker,
        topology: Topology,
        apply: Apply,
        *,
        on_synced: Callable[[], None] | None = None,
        on_look: Callable[[], None] | None = None,
        poll_s: float = 30.0,
    ) -> None:
        self._source = source
        self._broker = broker
        self._topology = topology
        self._apply = apply
        self._on_synced = on_synced
        self._on_look = on_look
        self._queues = ListenerQueues(source, broker, topology)
        self._check = QueueCheck(broker, topology)
        #: Ids of listeners to be handed on again; a dict for the order, so that all have a turn.
        self._again: dict[str, None] = {}
        self._poll_s = poll_s
        self._version = 0
        self._known: set[str] = set()
        #: Of another history of the registry, and not (yet) found in this one.
        self._unseen: set[str] = set()
        #: Of an earlier picture, and not read (yet) from the registry: their queues may be missing.
        self._resumed: set[str] = set()
        self._rereading: Iterator[Changes] | None = None
        self._asked: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._queue = f"{topology.control}.{uuid.uuid4().hex}"
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._synced = threading.Event()
        self._subscription: Subscription | None = None
        self._thread = threading.Thread(target=self._run, name="durian-follower", daemon=True)

    @property
    def version(self) -> int:
        """The version of the registry that this process has applied."""
        return self._version

    @property
    def resumed(self) -> Collection[str]:
        """Ids known from an earlier picture alone: nobody has yet looked for their queues.

        It only shrinks; any thread may look something up in it.
        """
        return self._resumed

    def resume(self, version: int, listener_ids: Iterable[str]) -> None:
        """Go on from an earlier picture of the registry; call it before `start`.

        Once what changed since its version is applied, the follower is synced. Then it reads the
        whole registry after all, page by page: so every queue is declared, and whatever the
        picture had wrong is put right.
        """
        self._version = version
        self._resumed = set(listener_ids)
        self._known = set(self._resumed)
        self._rereading = self._source.stream(0)

    def ask(self, listener_ids: Iterable[str]) -> None:
        """Read some of `resumed` before all others; from any thread. `on_look` tells when."""
        for listener_id in listener_ids:
            self._asked.put(listener_id)
        self._wake.set()

    def start(self) -> None:
        """Begin to follow; returns at once."""
        self._have_control()
        self._thread.start()

    def wait_synced(self, timeout_s: float) -> bool:
        """Wait until the whole registry was applied once; False when it was not in time."""
        return self._synced.wait(timeout_s)

    def look(self) -> None:
        """Look for changes now."""
        self._wake.set()

    def catch_up(self) -> None:
        """Apply all there is, page by page, on the calling thread; raises what `apply` raises."""
        page = Changes(version=self._version)
        for page in self._source.stream(self._version):
            if self._stopping.is_set():
                return
            if page.reset:
                # Nothing is forgotten yet: a router that forgot a listener for a moment would
                # lose its deliveries. What this history does not name goes at the end.
                self._unseen = set(self._known)
            self._unseen.difference_update(listener.id for listener in page.listeners)
            self._advance(page)
        if self._unseen:
            self._advance(replace(page, listeners=(), hooks=(), removed=tuple(self._unseen)))
            self._unseen = set()
        if not self._synced.is_set():
            self._synced.set()
            if self._on_synced is not None:
                self._on_synced()
        if again := [*self._check.look(), *islice(self._again, _AGAIN_MOST)]:
            self._hand_on(self._source.changes_of(again))
        if self._rereading is not None:
            self._reread(self._rereading)
            self._wake.set()  # for the next page
        if self._on_look is not None:
            self._on_look()
        self._queues.tidy()

    def stop(self) -> None:
        """Stop following; a change being applied is finished first. Harmless twice."""
        self._stopping.set()
        self._wake.set()
        if self._subscription is not None:
            self._subscription.cancel()
        if self._thread.is_alive():
            # Bounded: `apply` may be waiting for a broker that is away; the thread is a daemon.
            self._thread.join(_JOIN_S)

    def _have_control(self) -> None:
        if not self._stopping.is_set():
            self._broker.declare(self._topology.control_queue(self._queue), self._listen)

    def _listen(self, error: BrokerError | None) -> None:
        """Consume the control queue once it is declared; until then the timer has to do."""
        if error is not None:
            self._lost(error)
        elif not self._stopping.is_set():
            self._subscription = self._broker.consume(
                self._queue, self._told, prefetch=_PREFETCH, on_lost=self._lost
            )

    def _lost(self, error: BrokerError | None) -> None:
        _log.warning("registry.control_unavailable error=%s", error)
        self._broker.call_later(_CONTROL_AGAIN_S, self._have_control)

    def _told(self, received: Received) -> None:
        self._broker.ack(received)
        self._wake.set()

    def _run(self) -> None:
        retrying = Retrying(
            retry=retry_if_exception_type(DurianError),
            wait=_RETRY_WAIT,
            sleep=sleep_using_event(self._stopping),
            stop=stop_when_event_set(self._stopping),
            before_sleep=self._warn,
            reraise=True,
        )
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                retrying(self.catch_up)
            except DurianError as error:
                _log.warning("registry.follow_abandoned error=%s", error)
            except Exception:  # noqa: BLE001  # a mistake of ours must not end following for good
                _log.exception("registry.follow_broken")
            self._wake.wait(self._poll_s)

    def _reread(self, pages: Iterator[Changes]) -> None:
        """Read what was asked for, or else the next page, of what is known from before."""
        try:
            if asked := self._asked_for():
                found = self._source.changes_of(asked)
                gone = asked.difference(listener.id for listener in found.listeners)
                self._take(replace(found, removed=tuple(gone)))
            elif (page := next(pages, None)) is not None:
                self._take(page)
            else:
                self._take(Changes(version=self._version, removed=tuple(self._resumed)))
                self._rereading = None
        except BaseException:
            # From the start: pages that were cut short must not pass for the whole registry.
            self._rereading = self._source.stream(0)
            raise

    def _asked_for(self) -> set[str]:
        asked: set[str] = set()
        while not self._asked.empty() and len(asked) < _AGAIN_MOST:
            asked.add(self._asked.get())
        return asked & self._resumed

    def _advance(self, page: Changes) -> None:
        self._take(page)
        self._version = page.version

    def _take(self, page: Changes) -> None:
        if page.listeners or page.removed or page.hooks or page.removed_hooks:
            self._hand_on(page)
        self._queues.drop(page.removed)
        self._check.forget(page.removed)
        for listener_id in page.removed:
            self._again.pop(listener_id, None)
        self._known.update(listener.id for listener in page.listeners)
        self._known.difference_update(page.removed)
        self._resumed.difference_update([listener.id for listener in page.listeners], page.removed)

    def _hand_on(self, page: Changes) -> None:
        try:
            mismatches = declare_queues(self._broker, self._topology, page.listeners)
        except QueueMissing:
            self._broker.redeclare()  # the exchange that feeds them is gone
            raise
        untaken = self._apply(page, mismatches.keys())
        # Only now: if `apply` fails, nobody may believe that it has been told.
        self._queues.note(page.listeners, mismatches)
        self._check.watch(page.listeners)
        self._check.forget(mismatches)  # handed on again anyway, and by themselves
        for listener in page.listeners:
            self._again.pop(listener.id, None)
        self._again |= dict.fromkeys([*mismatches, *untaken])

    def _warn(self, state: RetryCallState) -> None:
        """Say once that following fails; the first success afterwards needs no word."""
        if state.attempt_number == 1 and state.outcome is not None:
            error = state.outcome.exception()
            _log.warning("registry.follow_failed version=%d error=%s", self._version, error)
