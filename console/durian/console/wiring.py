"""From settings to the things that work: broker, registry, vault and topology."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from durian.broker.topology import Topology
from durian.console.settings import Settings
from durian.errors import InvalidSettings

if TYPE_CHECKING:
    from durian.broker.port import Broker
    from durian.broker.rabbit import RabbitBroker
    from durian.consumers import BreakerRules, Recorder
    from durian.consumers.sender import Sender
    from durian.registry.principal import Principal
    from durian.registry.store import Store
    from durian.router.snapshot import Snapshot


def topology(settings: Settings) -> Topology:
    """The names on the broker."""
    return Topology(settings.prefix)


def breaker_rules(settings: Settings) -> BreakerRules:
    """When listeners that fail are left alone."""
    from durian.consumers import BreakerRules  # noqa: PLC0415 - as below

    return BreakerRules(
        failures=settings.breaker_failures,
        pause_s=settings.breaker_pause_s,
        longest_pause_s=settings.breaker_longest_pause_s,
        disable_after_s=settings.disable_after_s,
    )


@contextmanager
def open_store(
    settings: Settings, principal: Principal | None = None, *, create: bool = False
) -> Iterator[Store]:
    """Open the registry for the length of the block; changes are made in the user's name.

    A process that works by itself names its principal. A registry that is missing on SQLite is made
    only if that is what is wanted: a mistyped path is an error. Raises RegistryError.
    """
    # Imported here: a command that needs no registry does not need its drivers.
    from durian.console.near import suggesting  # noqa: PLC0415 - the same
    from durian.registry.store import Store  # noqa: PLC0415 - the same
    from durian.registry.vault import Vault  # noqa: PLC0415 - the same

    keys, path = settings.secret_keys.get_secret_value(), settings.secret_key_file
    # Without either the store takes the user's key file, when first it needs a key.
    vault = Vault.load(keys, path) if keys or path else None
    owners = settings.owner_attribute
    with Store.open(settings.registry_url, vault, create=create, owner_attribute=owners) as opened:
        store = opened.on_behalf(principal or _user())
        with suggesting(store):
            yield store


def open_snapshot(settings: Settings, store: Store) -> Snapshot | None:
    """Say where the router keeps its index, if it does. Raises RegistryError."""
    if settings.snapshot is None:
        return None
    from durian.router.snapshot import Snapshot  # noqa: PLC0415 - as above

    return Snapshot(settings.snapshot, store.identity())


def _user() -> Principal:
    """Whoever typed the command."""
    from durian.registry.principal import Principal  # noqa: PLC0415 - as above

    try:
        name = getpass.getuser()
    except (ImportError, KeyError, OSError):  # a container may know no name for its user
        name = str(os.getuid())
    return Principal(name=f"user {name}")


@contextmanager
def open_broker(settings: Settings) -> Iterator[RabbitBroker]:
    """Connect to RabbitMQ for the length of the block. Raises BrokerError."""
    if not settings.broker_url:
        reason = "no broker is set; only `durian up` brings one of its own"
        raise InvalidSettings("DURIAN_BROKER_URL", reason, hint=_SET_ONE)
    from durian.broker.rabbit import RabbitBroker  # noqa: PLC0415 - as above

    broker = RabbitBroker(settings.broker_url)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


_SET_ONE = "Set DURIAN_BROKER_URL, or give --broker amqp://user:password@host/."


@contextmanager
def open_sender(settings: Settings, broker: Broker) -> Iterator[Sender]:
    """Make what sends attempts, for the length of the block; the broker has to run as long."""
    sender = _make_sender(
        settings,
        broker,
        allowed_networks=settings.allowed_networks,
        proxy_url=settings.proxy_url or None,
        ca_file=str(settings.ca_file) if settings.ca_file else None,
    )
    try:
        yield sender
    finally:
        sender.close()


def _make_sender(settings: Settings, broker: Broker, **options: Any) -> Sender:
    if settings.sender == "curl":
        from durian.consumers.sender.curl import CurlSender, raise_limit  # noqa: PLC0415 - as above

        raise_limit()
        return CurlSender(broker, **options)
    from durian.consumers.sender.requests import RequestsSender  # noqa: PLC0415 - as above

    return RequestsSender(threads=settings.threads, **options)


def make_recorder(settings: Settings, broker: Broker, names: Topology, store: Store) -> Recorder:
    """Make the recorder of attempts; it is not started."""
    from durian.consumers import Recorder  # noqa: PLC0415 - as above

    keep_s = settings.attempts_keep_days * 24 * 3600
    return Recorder(broker, names, store, keep_s=keep_s, keep=settings.attempts_keep_rows)
