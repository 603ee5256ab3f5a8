"""What hooks work with: a producer for their events, and a registry for their listeners."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from durian.errors import DurianError
from durian.events import Event
from durian.hook.parts import part
from durian.hook.settings import Settings
from durian.hook.up import UpProducer

if TYPE_CHECKING:
    from durian.control import Desk
    from durian.hook.hook import Hook
    from durian.producers import Producer, PublishPolicy
    from durian.registry import Listener, ListenerSecret
    from durian.registry.attempt import Attempt
    from durian.registry.principal import Principal
    from durian.registry.store import Store

_Result = TypeVar("_Result")


class NotDelivered(DurianError):
    """Raised when an event was delivered in the calling process and a listener did not take it."""

    def __init__(self, event_id: str, attempts: Sequence[Attempt]) -> None:
        #: The attempts that failed.
        self.attempts = tuple(attempts)
        told = "; ".join(f"{one.listener_id}: {one.status or one.error}" for one in attempts)
        super().__init__(f"Event {event_id} was not taken by {told}.")


class Deployment:
    """Where events go and listeners live; everything is opened when first it is needed.

    Any thread may use it. Without settings it reads those of the environment, `DURIAN_BROKER_URL`
    and its kin, which Durian's processes read as well.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._given = settings
        self._lock = threading.RLock()

    @cached_property
    def settings(self) -> Settings:
        """What it was told. Raises InvalidSettings."""
        return self._given or Settings.read({})

    @property
    def store(self) -> Store:
        """The registry. Raises RegistryError or InvalidSettings."""
        with self._lock:
            return self._store

    @property
    def producer(self) -> Producer | UpProducer:
        """What publishes to RabbitMQ. Raises InvalidSettings."""
        with self._lock:
            return self._producer

    def emit(self, hook: Hook, event: Event, using: str | None = None) -> None:
        """Send an event of a hook, or call its listeners here when that is not asynchronous.

        `using` names the database of the change that it tells of, where there are several.
        """
        del using
        if hook.asynchronous:
            self.publish(event)
        else:
            self.deliver(event)

    def bound(self, hook: Hook) -> None:
        """Be told that a hook listens for what it tells of."""

    def unbound(self, hook: Hook) -> None:
        """Be told that it does no more."""

    def publish(self, event: Event) -> None:
        """Publish an event now. Raises BrokerError."""
        self.producer.emit(event)

    def deliver(self, event: Event) -> None:
        """Call every listener that wants an event now. Raises NotDelivered."""
        with self._lock:
            inline = self._inline
        attempts = inline.deliver(event)
        if failed := [one for one in attempts if one.result != "delivered"]:
            raise NotDelivered(event.id, failed)

    @contextmanager
    def desk(self, principal: Principal | None = None) -> Iterator[Desk]:
        """Where listeners are added and changed, for the length of the block.

        In the name of a principal, who may be bound to an owner; else in Durian's.
        """
        from durian.broker.topology import Topology  # noqa: PLC0415  # only when it is needed
        from durian.control import open_desk  # noqa: PLC0415  # the same

        settings = self.settings
        store = self.store if principal is None else self.store.on_behalf(principal)
        with open_desk(store, settings.broker_url, Topology(settings.prefix)) as desk:
            yield desk

    def add_listener(self, listener: Listener, secret: ListenerSecret) -> None:
        """Store a new listener. Raises Conflict, RegistryError or BrokerError."""
        with self.desk() as desk:
            desk.add(listener, secret)

    async def in_thread(self, function: Callable[[], _Result]) -> _Result:
        """Call a function that blocks, from a coroutine."""
        return await asyncio.to_thread(function)

    def close(self) -> None:
        """Close what was opened; it opens again when needed. Harmless twice."""
        with self._lock:
            for name in ("_inline", "_producer", "_store"):
                opened = self.__dict__.pop(name, None)
                if opened is not None:
                    opened.close()

    @cached_property
    def _store(self) -> Store:
        from durian.registry.store import Store  # noqa: PLC0415  # its driver, when it is needed
        from durian.registry.vault import Vault  # noqa: PLC0415  # the same

        keys, path = self.settings.secret_keys.get_secret_value(), self.settings.secret_key_file
        vault = Vault.load(keys, path) if keys or path else None
        owners = self.settings.owner_attribute
        return Store.open(self.settings.registry_url, vault, owner_attribute=owners)

    def make_producer(self, policy: PublishPolicy | None = None) -> Producer | UpProducer:
        """Make a producer, to be closed by whoever asked. Raises InvalidSettings."""
        from durian.producers import Producer  # noqa: PLC0415  # its driver, when it is needed

        if not self.settings.broker_url:
            return UpProducer(self.settings)
        return Producer(self.settings.broker_url, prefix=self.settings.prefix, policy=policy)

    def _new_producer(self) -> Producer | UpProducer:
        return self.make_producer()

    @cached_property
    def _producer(self) -> Producer | UpProducer:
        return self._new_producer()

    @cached_property
    def _inline(self) -> Any:
        return part("inline")(self.store, allowed_networks=self.settings.allowed_networks)


_current = Deployment()


def current() -> Deployment:
    """The deployment that hooks of this process use."""
    return _current


def use(deployment: Deployment) -> Deployment:
    """Let hooks use another deployment from now on; returns the one before."""
    global _current  # there is one at a time, as there is one process
    before, _current = _current, deployment
    return before
