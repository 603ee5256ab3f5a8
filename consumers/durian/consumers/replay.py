"""Replay: sends events of the archive to one listener again, or for the first time.

The same engine backfills a new listener. An event goes out as the router would publish it, so that
its delivery has the `webhook-id` it had before. How far it has come is kept in the registry, behind
what the broker has confirmed: whoever goes on after a crash sends again at most what was under way.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.consumers.archive import Archive
from durian.consumers.replay_run import LEASE_S, Progress, ReplayStore, Run, Total, start_of
from durian.consumers.selection import Selection
from durian.control import prepare_queue
from durian.errors import DurianError
from durian.events import Event
from durian.registry.replay import Replay

#: Seconds that declaring the listener's queue may take: less than the lease.
_DECLARE_PATIENCE_S = 10.0


def _say_nothing(_done: int, _total: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a replay would send."""

    #: Events that would be read.
    seen: int
    #: Events that would be sent.
    wanted: int
    #: The first of these.
    first: Sequence[Event]


class Replayer:
    """Begins replays, goes on with them, and tells beforehand what they would do.

    Blocking, and safe to call from any thread but the broker's own. When `stop` is set, it ends
    soon: what is under way arrives, and the rest is left to whoever resumes it.
    """

    def __init__(
        self,
        broker: Broker,
        topology: Topology,
        store: ReplayStore,
        *,
        stop: threading.Event | None = None,
        progress: Progress = _say_nothing,
    ) -> None:
        self._broker = broker
        self._topology = topology
        self._store = store
        self._stop = stop or threading.Event()
        self._progress = progress
        self._archive = Archive(broker, topology)

    def begin(self, replay: Replay) -> Replay:
        """Carry out a new replay; return what became of it.

        Raises NotFound when there is no such listener, Conflict when a replay for it is running or
        the id is taken; else what ended it, when it has failed.
        """
        held = replace(replay, holder=uuid.uuid4().hex)
        return self._carry_out(self._store.add_replay(held, LEASE_S))

    def resume(self, replay_id: str) -> Replay:
        """Go on with a replay that was stopped, has failed, or whose process is gone.

        Raises NotFound, or Conflict when it is done or running, or the archive no longer is the
        one it was reading; else as `begin`.
        """
        return self._carry_out(self._store.take_replay(replay_id, uuid.uuid4().hex, LEASE_S))

    def preview(
        self, listener_id: str, *, since: float | None, until: float | None, show: int = 5
    ) -> Preview:
        """Count what a replay would send, and show the first events; nothing is published.

        Moments are in seconds since the epoch, as in `Replay`.
        """
        selection = Selection(self._store.get_listener(listener_id), until)
        end = self._archive.mark()
        total = Total(self._progress, end)
        seen = wanted = 0
        first: list[Event] = []
        with self._archive.read(start_of(since)) as reading:
            for entry in reading.upto(end):
                if self._stop.is_set():
                    break
                if entry is not None:
                    held, events = selection.of(entry)
                    seen += held
                    wanted += len(events)
                    first += events[: show - len(first)]
                    total.reached(entry.offset)
        total.tell()
        return Preview(seen=seen, wanted=wanted, first=first)

    def _carry_out(self, replay: Replay) -> Replay:
        run = Run(self._broker, self._topology, self._store, replay, self._stop)
        try:
            listener = self._store.get_listener(replay.listener_id)
            prepare_queue(self._broker, self._topology, listener, _DECLARE_PATIENCE_S)
            end = run.bound(self._archive)
            run.go(self._archive, Selection(listener, replay.until), Total(self._progress, end))
        except DurianError as error:
            run.end("failed", str(error))
            raise
        except BaseException:
            run.end("stopped")
            raise
        return run.end("stopped" if self._stop.is_set() else "done")
