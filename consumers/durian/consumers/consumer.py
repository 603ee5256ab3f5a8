"""The delivery consumer: a lane for every listener, and threads that make the attempts."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

from durian.broker import port
from durian.broker.blocking import declare_all, wait
from durian.broker.port import Broker, Received
from durian.broker.topology import Topology
from durian.consumers.deliverer import Counts, Deliverer
from durian.consumers.keys import SigningKeys
from durian.consumers.lane import Lane
from durian.consumers.open import OpenDeliveries
from durian.consumers.sender.port import Sender
from durian.consumers.settle import Settler
from durian.control import ChangeSource, Follower, announce
from durian.errors import DurianError
from durian.faults import failpoint
from durian.registry import Listener, ListenerSecret
from durian.registry.changes import Changes

_log = logging.getLogger(__name__)

#: Attempts under way at once in a process, over all its lanes.
THREADS = 64

#: Seconds that declaring the queues of changed listeners may take, whatever their number.
_DECLARE_PATIENCE_S = 300.0


class DeliveryStore(ChangeSource, Protocol):
    """The part of the registry's store that deliveries need."""

    def secrets_of(self, listener_id: str, now: float) -> list[ListenerSecret]:
        """A listener's secrets that hold at `now` (epoch seconds), newest first."""

    def set_enabled(self, listener_id: str, enabled: bool) -> None:  # noqa: FBT001  # as the store
        """Enable or disable a listener."""


class DeliveryConsumer:
    """Delivers what lies in the listeners' queues. Start it after its broker; stop it before."""

    def __init__(
        self,
        broker: Broker,
        topology: Topology,
        store: DeliveryStore,
        sender: Sender,
        *,
        threads: int = THREADS,
        poll_s: float = 30.0,
        grace_s: float = 30.0,
        rng: random.Random | None = None,
        submit: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        """Make a consumer; `submit` runs a function elsewhere (default: a pool of `threads`)."""
        self._broker = broker
        self._topology = topology
        self._store = store
        self._sender = sender
        self._grace_s = grace_s
        rng = rng or random.Random()  # noqa: S311  # jitter, not secrets
        settler = Settler(broker, topology, rng)
        self._deliverer = Deliverer(broker, settler, sender, self._disable, rng)
        self._pool = ThreadPoolExecutor(threads, "durian-attempt")
        self._submit = submit or self._pool.submit
        self._lanes: dict[str, Lane] = {}
        self._open = OpenDeliveries()
        self._stopping = False
        self.follower = Follower(store, broker, topology, self._apply, poll_s=poll_s)

    @property
    def counts(self) -> Counts:
        """What it has done since it started."""
        return self._deliverer.counts

    def start(self) -> None:
        """Declare the topology and begin to deliver as listeners become known.

        Raises BrokerError when the topology cannot be declared; a registry that cannot be reached
        is waited for.
        """
        parts = self._topology.house()
        declare_all(self._broker, parts, _DECLARE_PATIENCE_S)
        self.follower.start()

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait until the whole registry is known; False when it was not in time."""
        return self.follower.wait_synced(timeout_s)

    def stop(self) -> None:
        """Drain: begin nothing new, finish what is under way, at most `grace_s`. Harmless twice.

        What was not begun goes back to its queue; what did not finish in time is delivered again
        by the next process, with the same `webhook-id`.
        """
        self.follower.stop()
        # 1. No lane begins anything after this turn of the loop.
        wait(lambda done: self._broker.call(partial(self._pause_all, done)), self._grace_s)
        failpoint("delivery.draining")
        # 2. Attempts end, and what follows on them is confirmed.
        if not self._open.wait_none(self._grace_s):
            _log.warning("delivery.drain_incomplete open=%d", self._open.count)
        # 3. The threads have nothing left to do; a hung one ends by its own deadline.
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _pause_all(self, done: port.Done) -> None:
        self._stopping = True
        for lane in self._lanes.values():
            lane.pause()
        done(None)

    def _apply(self, changes: Changes) -> None:
        """Follow changes of the registry: on the follower's thread, so that it may block."""
        parts = [
            part
            for listener in changes.listeners
            if listener.enabled
            for part in self._topology.listener(
                listener.id, listener.queue_type, ordered=listener.policy.ordered
            )
        ]
        if parts:
            declare_all(self._broker, parts, _DECLARE_PATIENCE_S)
        for listener in changes.listeners:
            secrets = self._store.secrets_of(listener.id, self._broker.clock.now())
            self._broker.call(partial(self._update, listener, SigningKeys(secrets)))
        for listener_id in changes.removed:
            self._broker.call(partial(self._remove, listener_id))

    def _update(self, listener: Listener, keys: SigningKeys) -> None:
        lane = self._lanes.get(listener.id)
        if lane is None:
            queue = self._topology.listener_queue(listener.id)
            lane = Lane(self._broker, queue, listener, keys, self._begin)
            self._lanes[listener.id] = lane
        if listener.enabled and not self._stopping:
            lane.update(listener, keys)
        else:
            lane.pause()

    def _remove(self, listener_id: str) -> None:
        lane = self._lanes.pop(listener_id, None)
        if lane is not None:
            lane.pause()
            self._sender.forget(listener_id)
        queue = self._topology.listener_queue(listener_id)
        self._broker.delete_queue(queue, lambda _error: None)

    def _begin(self, lane: Lane, received: Received) -> None:
        self._open.begin()
        self._submit(partial(self._attempt, lane, received))

    def _attempt(self, lane: Lane, received: Received) -> None:
        try:
            self._deliverer.attempt(lane.listener, lane.keys, received, self._open.end)
        finally:
            lane.finished()

    def _disable(self, listener_id: str, reason: str) -> None:
        """Disable a listener that asked for it; a registry that is away only delays that."""
        try:
            self._store.set_enabled(listener_id, False)  # as the store
        except DurianError as error:
            _log.warning("listener.disable_failed listener=%s error=%s", listener_id, error)
        else:
            _log.warning("listener.disabled listener=%s reason=%s", listener_id, reason)
            announce(self._broker, self._topology)
