"""Deliveries go by the TLS that their listener asks for: from the registry to the wire."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_network
from pathlib import Path

import pytest

from durian.broker.blocking import publish_all
from durian.broker.memory import MemoryBroker
from durian.broker.port import Address
from durian.broker.topology import Topology
from durian.consumers import DeliveryConsumer
from durian.consumers.sender.port import Done, Outcome, Request, Sender
from durian.control import Provision
from durian.events import Event, amqp
from durian.registry import Listener, ListenerSecret
from durian.registry.store import Store
from durian.registry.vault import Vault
from tests.support.broker import eventually
from tests.support.certificates import Authority, authority, server_context
from tests.support.receivers import Inbox, Receiver
from tests.support.senders import KINDS, SenderKind, Senders

NAMES = Topology()

CLIENTS = Authority("Clients")

#: What the receivers of these tests are certified by.
OURS = authority().pem


class Noting:
    """A real sender, and what became of each attempt."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self.capacity = sender.capacity
        self.forget, self.close = sender.forget, sender.close
        self.outcomes: list[Outcome] = []

    def begin(self, request: Request, done: Done) -> None:
        def noted(outcome: Outcome) -> None:
            self.outcomes.append(outcome)
            done(outcome)

        self._sender.begin(request, noted)


class Scene:
    """Deliveries by a real sender, and joe, who listens by TLS."""

    def __init__(self, folder: Path, kind: SenderKind, stack: ExitStack) -> None:
        broker = MemoryBroker()
        stack.callback(broker.stop)
        broker.start()
        vault = Vault([b"k" * 32])
        store = stack.enter_context(Store.open(f"sqlite:///{folder}/durian.db", vault))
        senders = Senders(kind, stack, broker)
        sender = Noting(senders(allowed_networks=[ip_network("127.0.0.0/8")]))
        self.outcomes = sender.outcomes
        delivery = DeliveryConsumer(broker, NAMES, store, sender, poll_s=0.1)
        stack.callback(delivery.stop)
        delivery.start()
        self.provision = Provision(store, broker, NAMES)
        self._broker = broker

    def add(self, url: str, key_pem: str | None = None, **policy: object) -> Listener:
        given = {"schedule_s": [0, *[0.2] * 50], "jitter": 0} | policy
        joe = Listener.create(id="joe", url=url, event="#", policy=given)
        self.provision.add(joe, ListenerSecret.new(now=time.time()), key_pem)
        return joe

    def deliver(self) -> None:
        message = amqp.encode(Event(type="person", data={"name": "Joe"}))
        publish_all(self._broker, [(message, Address(NAMES.deliver, "joe"))])

    def attempt(self) -> Outcome:
        """What became of the first attempt."""
        eventually(lambda: bool(self.outcomes), 10.0)
        return self.outcomes[0]


@pytest.fixture(params=KINDS)
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(tmp_path, request.param, stack)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def receiver(tmp_path: Path, inbox: Inbox) -> Iterator[Receiver]:
    """One whose certificate only our authority has signed."""
    context = server_context(authority().issue("127.0.0.1"), tmp_path)
    with Receiver(inbox, tls=context) as receiver:
        yield receiver


@pytest.fixture
def demanding(tmp_path: Path, inbox: Inbox) -> Iterator[Receiver]:
    """One that wants to see a client certificate besides."""
    certificate = authority().issue("127.0.0.1")
    context = server_context(certificate, tmp_path, client_ca_pem=CLIENTS.pem)
    with Receiver(inbox, tls=context) as receiver:
        yield receiver


def test_a_listener_with_its_own_authority_is_delivered_to(
    scene: Scene, receiver: Receiver, inbox: Inbox
) -> None:
    scene.add(receiver.url(), ca_pem=OURS)
    scene.deliver()
    assert scene.attempt().status == 200
    assert [received.body for received in inbox.received] == [b'{"name":"Joe"}']


def test_without_it_the_certificate_is_not_accepted_until_it_is_given(
    scene: Scene, receiver: Receiver, inbox: Inbox
) -> None:
    joe = scene.add(receiver.url())
    scene.deliver()
    assert scene.attempt().kind == "tls"
    assert not inbox.received
    scene.provision.update(joe.replace(policy={"ca_pem": OURS}))
    eventually(lambda: len(inbox.received) == 1, 10.0)


def test_a_client_certificate_is_shown_where_it_is_demanded(
    scene: Scene, demanding: Receiver, inbox: Inbox
) -> None:
    mine = CLIENTS.issue("durian")
    scene.add(demanding.url(), mine.key_pem, ca_pem=OURS, cert_pem=mine.cert_pem)
    scene.deliver()
    assert scene.attempt().status == 200
    assert len(inbox.received) == 1


def test_who_shows_none_or_a_strangers_fails_until_the_right_one_is_given(
    scene: Scene, demanding: Receiver, inbox: Inbox
) -> None:
    mine, strangers = CLIENTS.issue("durian"), Authority().issue("durian")
    joe = scene.add(demanding.url(), ca_pem=OURS)
    scene.deliver()
    # In TLS 1.3 a client hears that it was refused only when it reads.
    assert scene.attempt().kind in {"tls", "error"}
    joe = joe.replace(policy={"cert_pem": strangers.cert_pem})
    scene.provision.update(joe, strangers.key_pem)
    seen = len(scene.outcomes)
    eventually(lambda: len(scene.outcomes) > seen + 1, 10.0)
    assert {outcome.kind for outcome in scene.outcomes} <= {"tls", "error"}
    scene.provision.update(joe.replace(policy={"cert_pem": mine.cert_pem}), mine.key_pem)
    eventually(lambda: len(inbox.received) == 1, 10.0)
