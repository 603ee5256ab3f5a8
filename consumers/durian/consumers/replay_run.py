"""One replay while this process has it: reads, sends, and keeps book in the registry."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from durian.broker.blocking import unanswered
from durian.broker.port import Address, Broker, StreamStart
from durian.broker.topology import Topology
from durian.consumers.archive import PATIENCE_S, Archive, Entry
from durian.consumers.passage import Passage, Place
from durian.consumers.selection import Selection
from durian.errors import Conflict, DurianError, RegistryUnavailable
from durian.events import amqp
from durian.faults import failpoint
from durian.registry import Listener
from durian.registry.replay import Replay, ReplayState

_log = logging.getLogger(__name__)

#: Events that are published and not confirmed, at most.
WINDOW = 128

#: Events sent at most behind the place that is saved: what a crash can send twice (a message that
#: holds a batch of events counts as a whole).
AT_RISK = 256

#: Seconds after which a replay whose process is silent may be resumed by another.
LEASE_S = 30.0

#: Seconds between two signs of life in the registry.
_HEARTBEAT_S = 5.0

#: Seconds between two looks at what else is to be done, while something is waited for.
_TICK_S = 1.0

#: Seconds between two words on the progress.
_REPORT_S = 0.1

#: Seconds that are left of a lease when it is given up, and nothing is sent any more.
_LEASE_MARGIN_S = 10.0

#: Seconds that what is under way may take to arrive when a replay is stopped or has failed.
_GRACE_S = 5.0

#: Seconds by which sending may lag behind its rate and catch up: waits are never exact.
_CATCH_UP_S = 0.05

#: Told, again and again, how many of how many messages of the archive were read.
Progress = Callable[[int, int], None]


class ReplayStore(Protocol):
    """The part of the registry's store that replays need."""

    def get_listener(self, listener_id: str) -> Listener:
        """Read one listener, or raise NotFound."""

    def add_replay(self, replay: Replay, lease_s: float) -> Replay:
        """Add a replay and hold it; raises NotFound or Conflict."""

    def take_replay(self, replay_id: str, holder: str, lease_s: float) -> Replay:
        """Go on with a replay that nobody holds; raises NotFound or Conflict."""

    def save_replay(self, replay: Replay, lease_s: float) -> bool:
        """Write how far it has come; False when it is no longer its holder's."""


class Total:
    """Tells progress, now and then: offsets of the archive, from the first that was read."""

    def __init__(self, progress: Progress, end: int) -> None:
        self._progress = progress
        self._end = end
        self._first: int | None = None
        self._last = 0
        self._told = 0.0

    def reached(self, offset: int) -> None:
        """A message was read."""
        if self._first is None:
            self._first = offset
        self._last = offset + 1

    def tell(self, now: float | None = None) -> None:
        """Tell it, unless it was told a moment ago (`now` is on the monotonic clock)."""
        if now is None or now - self._told >= _REPORT_S:
            self._told = now or 0.0
            first = self._end if self._first is None else self._first
            self._progress(max(0, self._last - first), max(0, self._end - first))


class Run:
    """One replay, while this process has it."""

    def __init__(
        self,
        broker: Broker,
        topology: Topology,
        store: ReplayStore,
        replay: Replay,
        stop: threading.Event,
    ) -> None:
        self._broker = broker
        self._topology = topology
        self._store = store
        self._stop = stop
        self._clock = broker.clock
        self._replay = replay
        place = Place(offset=replay.next_offset, seen=replay.seen, sent=replay.sent)
        self._passage = Passage(place, broker.clock)
        self._saved = place
        self._saved_at = self._tried_at = self._due = self._clock.monotonic()
        self._held = True

    def bound(self, archive: Archive) -> int:
        """Find where it ends: at a mark of its own, which is put there when it begins."""
        self._save()
        end = self._replay.end_offset
        if end is None:
            end = archive.mark(self._replay.id)
            self._replay = replace(self._replay, end_offset=end)
            self._save()
        elif not archive.has_mark(self._replay.id, end):
            hint = "Begin a new one with --since."
            message = f"The archive no longer holds what replay {self._replay.id} was reading."
            raise Conflict(message, hint=hint)
        return end

    def go(self, archive: Archive, selection: Selection, total: Total) -> None:
        """Pass on what is wanted, until the end or until it is to stop."""
        replay = self._replay
        start = start_of(replay.since) if replay.next_offset is None else replay.next_offset
        with archive.read(start) as reading:
            for entry in reading.upto(replay.end_offset or 0):
                self._tick()
                total.tell(self._clock.monotonic())
                if self._stop.is_set():
                    return
                if entry is not None:
                    self._pass_on(entry, selection, total)
        while not self._passage.wait(0, _TICK_S):
            self._tick()
        self._tick()
        total.tell()

    def end(self, state: ReplayState, error: str = "") -> Replay:
        """Say what became of it, and leave it."""
        if state != "done":
            self._passage.wait(0, _GRACE_S)
        if self._held:
            self._replay = replace(self._replay, state=state, error=error)
            try:
                self._save()
            except DurianError as failed:
                # The lease ends by itself, and then it can be resumed.
                _log.warning("replay.end_unsaved replay=%s error=%s", self._replay.id, failed)
        return self._replay

    def _pass_on(self, entry: Entry, selection: Selection, total: Total) -> None:
        seen, events = selection.of(entry)
        self._passage.enter(entry.offset, seen=seen, sent=len(events))
        total.reached(entry.offset)
        for event in events:
            if not self._may_send(total):
                return
            address = Address(self._topology.deliver, self._replay.listener_id)
            # Without a cause: after a loss a stream does not hand out again.
            self._broker.publish(
                amqp.encode(event), address, self._passage.publishing(entry.offset)
            )
            failpoint("archive.published")

    def _may_send(self, total: Total) -> bool:
        """Wait for room, for the rate and for the registry; False when it is to stop."""
        while not self._stop.is_set():
            self._tick()
            now = self._clock.monotonic()
            total.tell(now)
            if self._is_overdue():
                self._stop.wait(_TICK_S)
            elif self._due > now:
                self._stop.wait(min(self._due - now, _TICK_S))
            elif self._passage.wait(WINDOW - 1, _TICK_S):
                if self._replay.rate_per_s is not None:
                    self._due = max(self._due, now - _CATCH_UP_S) + 1 / self._replay.rate_per_s
                return True
        return False

    def _is_overdue(self) -> bool:
        """Tell whether a crash could send too much again, and saving would help."""
        at_risk = self._passage.front.sent - self._saved.sent
        return at_risk >= AT_RISK and self._passage.safe.sent > self._saved.sent

    def _tick(self) -> None:
        """Do what is due beside reading and sending. Raises what must end it."""
        if self._passage.error is not None:
            raise self._passage.error
        if self._passage.silent_s > PATIENCE_S:
            raise unanswered(self._broker, "The broker confirms nothing.")
        now = self._clock.monotonic()
        failed_just_now = self._tried_at > self._saved_at and now - self._tried_at < _TICK_S
        due = now - self._saved_at >= _HEARTBEAT_S or self._is_overdue()
        if failed_just_now or not due:
            return
        self._tried_at = now
        try:
            self._save()
        except RegistryUnavailable as error:
            if now - self._saved_at > LEASE_S - _LEASE_MARGIN_S:
                raise
            _log.warning("replay.save_failed replay=%s error=%s", self._replay.id, error)

    def _save(self) -> None:
        now = self._clock.monotonic()
        place = self._passage.safe
        self._replay = replace(
            self._replay, next_offset=place.offset, seen=place.seen, sent=place.sent
        )
        if not self._store.save_replay(self._replay, LEASE_S):
            self._held = False
            message = f"Replay {self._replay.id} was taken over, or its listener is gone."
            raise Conflict(message)
        failpoint("archive.saved")
        self._saved, self._saved_at = place, now


def start_of(since: float | None) -> StreamStart:
    """Where in the archive a moment is (epoch seconds); None is its beginning."""
    return 0 if since is None else datetime.fromtimestamp(since, UTC)
