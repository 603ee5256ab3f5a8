"""The delivery consumer: a lane for every listener, and a sender that makes the attempts."""

from __future__ import annotations

import logging
import random
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import partial
from typing import Protocol

from durian.broker import port
from durian.broker.blocking import declare_all, wait
from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.consumers.batch import Batch
from durian.consumers.batch_deliverer import BatchDeliverer
from durian.consumers.breaker import BreakerRules
from durian.consumers.bulletin import Bulletin
from durian.consumers.commons import Commons, LaneState
from durian.consumers.deliverer import Counts, Deliverer
from durian.consumers.keys import ListenerKeys, tls_of
from durian.consumers.lane import Lane, Start
from durian.consumers.measures import LANE_STATES, DeliveryMeasures, Load
from durian.consumers.open import OpenWork
from durian.consumers.registry_thread import RegistryThread
from durian.consumers.sender.port import Sender
from durian.consumers.settle import Settler
from durian.consumers.turns import Turns
from durian.control import ChangeSource, Follower, announce
from durian.errors import BrokerError, DurianError, RegistryUnavailable
from durian.faults import failpoint
from durian.registry import Listener, ListenerSecret, OpenBreaker
from durian.registry.changes import Changes

_log = logging.getLogger(__name__)

#: Seconds that declaring the topology may take.
_DECLARE_PATIENCE_S = 60.0


#: Listeners' secrets, by id.
Signing = Mapping[str, list[ListenerSecret]]


class DeliveryStore(ChangeSource, LaneState, Protocol):
    """The part of the registry's store that deliveries need."""

    def secrets_of(self, listener_id: str, now: float) -> list[ListenerSecret]:
        """A listener's secrets that hold at `now` (epoch seconds), newest first."""

    def secrets_of_many(self, listener_ids: Collection[str], now: float) -> Signing:
        """The same of many, by id; those about which `secrets_of` would raise are left out."""

    def client_key_of(self, listener_id: str) -> str | None:
        """The key of a listener's client certificate, as PEM; None when it has none."""


class DeliveryConsumer:
    """Delivers what lies in the listeners' queues. Start it after its broker; stop it before."""

    def __init__(
        self,
        broker: Broker,
        topology: Topology,
        store: DeliveryStore,
        sender: Sender,
        *,
        poll_s: float = 30.0,
        grace_s: float = 30.0,
        rules: BreakerRules | None = None,
        owner_attribute: str = "",
        rng: random.Random | None = None,
        aside: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        """Make a consumer; it makes as many attempts at once as its sender does.

        In `owner_attribute` the events it makes itself say whose they are. `aside` runs a question
        to the registry elsewhere (default: a thread of its own).
        """
        self._broker = broker
        self._topology = topology
        self._store = store
        self._sender = sender
        self._grace_s = grace_s
        rng = rng or random.Random()  # noqa: S311  # jitter, not secrets
        bulletin = Bulletin(broker, topology, owner_attribute)
        settler = Settler(broker, topology, rng)
        self._deliverer = Deliverer(broker, settler, sender, bulletin, rng)
        self._batches = BatchDeliverer(broker, settler, sender, self._deliverer, rng)
        self._lanes: dict[str, Lane] = {}
        #: Ids of the lanes that are to rest, for what the registry says; on the loop.
        self._resting: set[str] = set()
        #: Why listeners cannot be delivered to, as it was told; by id, on the follower's thread.
        self._unusable: dict[str, str] = {}
        self._open = OpenWork()
        self._stopping = False
        self._commons = Commons(
            name=uuid.uuid4().hex,
            broker=broker,
            topology=topology,
            state=store,
            registry=RegistryThread(broker, aside),
            turns=Turns(broker, sender.capacity),
            open=self._open,
            rules=rules or BreakerRules(),
            bulletin=bulletin,
            rng=rng,
            disable=self._disable,
            announce=partial(announce, broker, topology),
        )
        self.follower = Follower(
            store, broker, topology, self._apply, on_look=self._look, poll_s=poll_s
        )

    @property
    def counts(self) -> Counts:
        """What it has done since it started."""
        return self._deliverer.counts

    @property
    def measures(self) -> DeliveryMeasures:
        """What it measures beside that."""
        return self._deliverer.measures

    @property
    def load(self) -> Load:
        """What it has in hand at this moment; may be read from any thread."""
        lanes = tuple(self._lanes.values())
        states = Counter(lane.state for lane in lanes)
        return Load(
            running=self._commons.turns.taken,
            capacity=self._sender.capacity,
            held=sum(lane.held for lane in lanes),
            lanes={state: states[state] for state in LANE_STATES},
        )

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
        with suppress(BrokerError):
            wait(lambda done: self._broker.call(partial(self._pause_all, done)))
        failpoint("delivery.draining")
        # 2. Attempts end, and what follows on them is confirmed. Queues are let go, those of
        #    ordered listeners once the registry knows how far their heads have come.
        if not self._open.wait_none(self._grace_s):
            _log.warning("delivery.drain_incomplete open=%d", self._open.count)
        # 3. Nothing is asked any more. An attempt that hangs ends by its own deadline.
        self._commons.registry.stop()

    def _pause_all(self, done: port.Done) -> None:
        self._stopping = True
        for lane in self._lanes.values():
            lane.pause()
        done(None)

    def _apply(self, changes: Changes, unready: Collection[str]) -> Collection[str]:
        """Follow changes of the registry: on the follower's thread, so that it may block."""
        open_breakers = self._store.open_breakers() if changes.listeners else ()
        breakers = {breaker.listener_id: breaker for breaker in open_breakers}
        # At once: a start would ask the database as often as there are listeners.
        signing = self._store.secrets_of_many(
            [listener.id for listener in changes.listeners], self._broker.clock.now()
        )
        untaken: list[str] = []
        for listener in changes.listeners:
            keys = None
            if listener.id in changes.unreadable:
                self._tell_unusable(listener.id, "its policy cannot be read by this version")
            elif listener.id not in unready and (keys := self._keys_of(listener, signing)) is None:
                untaken.append(listener.id)
            if keys is None:
                self._broker.call(partial(self._rest, listener.id))
            else:
                self._broker.call(partial(self._update, listener, keys, breakers.get(listener.id)))
        for listener_id in changes.removed:
            self._unusable.pop(listener_id, None)
            self._broker.call(partial(self._remove, listener_id))
        return untaken

    def _rest(self, listener_id: str) -> None:
        self._resting.add(listener_id)
        if (lane := self._lanes.get(listener_id)) is not None:
            lane.pause()

    def _keys_of(self, listener: Listener, signing: Signing) -> ListenerKeys | None:
        """What its deliveries are signed and connected with; None when that cannot be had now.

        Raises RegistryUnavailable. Nothing else of one listener may hold up the others.
        """
        try:
            keys = self._read_keys(listener, signing)
        except RegistryUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # ours too
            ours = not isinstance(error, DurianError)
            self._tell_unusable(listener.id, str(error) or repr(error), exc_info=ours)
            return None
        self._unusable.pop(listener.id, None)
        return keys

    def _tell_unusable(self, listener_id: str, reason: str, *, exc_info: bool = False) -> None:
        if self._unusable.get(listener_id) != reason:
            self._unusable[listener_id] = reason
            event = "delivery.listener_unusable listener=%s error=%s"
            _log.warning(event, listener_id, reason, exc_info=exc_info)

    def _read_keys(self, listener: Listener, signing: Signing) -> ListenerKeys:
        secrets = signing.get(listener.id)
        if secrets is None:
            secrets = self._store.secrets_of(listener.id, self._broker.clock.now())
        shows = listener.policy.cert_pem is not None
        key_pem = self._store.client_key_of(listener.id) if shows else None
        return ListenerKeys(secrets, tls_of(listener.policy, key_pem))

    def _update(self, listener: Listener, keys: ListenerKeys, breaker: OpenBreaker | None) -> None:
        lane = self._lanes.get(listener.id)
        if lane is not None and lane.keys.tls != keys.tls:
            # What was connected under the old terms carries nothing more.
            self._sender.forget(listener.id)
        if lane is not None and lane.listener.policy.ordered != listener.policy.ordered:
            # It was removed and added again meanwhile: this is another one's queue.
            lane.pause()
            lane = None
        if lane is None:
            lane = self._lanes[listener.id] = Lane(self._commons, listener, keys, self._begin)
        if not listener.rests and not self._stopping:
            self._resting.discard(listener.id)
            lane.update(listener, keys, breaker)
        else:
            self._rest(listener.id)

    def _remove(self, listener_id: str) -> None:
        self._resting.discard(listener_id)
        lane = self._lanes.pop(listener_id, None)
        if lane is not None:
            lane.pause()
            self._sender.forget(listener_id)

    def _look(self) -> None:
        """Read which breakers are open, on the registry's thread: its writes come in order."""
        registry, store = self._commons.registry, self._store
        self._broker.call(lambda: registry.ask(store.open_breakers, self._adopt))

    def _adopt(self, found: list[OpenBreaker] | DurianError) -> None:
        if isinstance(found, DurianError):
            return
        breakers = {breaker.listener_id: breaker for breaker in found}
        for listener_id, lane in self._lanes.items():
            lane.circuit.adopt(breakers.get(listener_id))

    def _begin(self, lane: Lane, start: Start) -> None:
        ended = partial(lane.finished, start)
        if isinstance(start.taken, Batch):
            self._batches.attempt(lane.listener, lane.keys, start.taken, self._open.begin(), ended)
        else:
            self._deliverer.attempt(
                lane.listener,
                lane.keys,
                start.taken,
                self._open.begin(),
                ended,
                head=start.head,
            )

    def _disable(self, listener: Listener, reason: str) -> None:
        """Disable a listener that asked for it, or failed for days."""
        lane = self._lanes.get(listener.id)
        if lane is not None:
            lane.pause()

        def written(answer: object) -> None:
            if isinstance(answer, DurianError):
                _log.warning("listener.disable_failed listener=%s error=%s", listener.id, answer)
                mine = lane is not None and self._lanes.get(listener.id) is lane
                if lane is not None and mine and listener.id not in self._resting:
                    # Until it asks again.
                    self._update(lane.listener, lane.keys, lane.circuit.breaker)
            elif answer:
                _log.warning("listener.disabled listener=%s reason=%s", listener.id, reason)
                self._commons.bulletin.disabled(listener, reason)
                self._commons.announce()

        self._commons.registry.ask(partial(self._store.disable_listener, listener.id), written)
