"""Faults that meet deliveries while they wait for their next attempt (D1 to D3)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from durian.control import announce
from durian.registry import ListenerSecret
from tests.chaos.deployment import POLICIES, Deployment, deployed, wait_until
from tests.chaos.drill import ROLES
from tests.support.history import Verdict
from tests.support.rabbitmq import Node, PrivateNode

pytestmark = [pytest.mark.chaos, pytest.mark.rabbitmq]

EVENTS = 60

#: Events whose first attempt the flaky receiver refuses.
REFUSED = EVENTS // 3

#: Events that fill a queue.
MORE = 10

#: Seconds for which those wait: long enough for a fault to come meanwhile.
WAIT_S = 6.0

#: A listener that accepts, and one whose deliveries wait.
TWO = {
    "all": POLICIES["all"],
    "flaky": POLICIES["flaky"].model_copy(update={"schedule_s": (0, WAIT_S, WAIT_S)}),
}


@contextmanager
def waiting(node: Node, home: Path) -> Iterator[Deployment]:
    """A deployment of which a third of one listener's deliveries wait in delay queues."""
    with deployed(node, home, TWO) as deployment:
        for role in ROLES:
            deployment.crew.start(role)
        deployment.publish(EVENTS)
        assert wait_until(lambda: len(deployment.history.missing()) == REFUSED)
        assert wait_until(lambda: deployment.delayed() == REFUSED)
        yield deployment


def assert_complete(verdict: Verdict, events: int = EVENTS) -> None:
    """Everything was delivered, once."""
    assert verdict.delivered == verdict.expected == 2 * events, verdict
    assert not verdict.corrupted, verdict
    assert not verdict.unexpected, verdict
    assert not verdict.duplicates, verdict


def test_a_killed_broker_keeps_what_waits(mortal_rabbitmq: PrivateNode, tmp_path: Path) -> None:
    with waiting(mortal_rabbitmq, tmp_path) as deployment:
        mortal_rabbitmq.kill()
        mortal_rabbitmq.start()
        assert_complete(deployment.settle())


def test_a_disabled_listener_gets_what_waited_once_it_is_enabled(
    rabbitmq: Node, tmp_path: Path
) -> None:
    with waiting(rabbitmq, tmp_path) as deployment:
        deployment.provision.set_enabled("flaky", enabled=False)
        queue = deployment.topology.listener_queue("flaky")
        assert wait_until(lambda: deployment.queues.ready([queue])[queue] == REFUSED)
        assert len(deployment.history.missing()) == REFUSED
        deployment.provision.set_enabled("flaky", enabled=True)
        assert_complete(deployment.settle())


def test_what_waited_for_a_removed_listener_lies_among_the_orphans(
    rabbitmq: Node, tmp_path: Path
) -> None:
    with waiting(rabbitmq, tmp_path) as deployment:
        orphans = deployment.topology.orphans
        deployment.provision.remove("flaky")
        assert wait_until(lambda: deployment.queues.ready([orphans])[orphans] == REFUSED)
        missing = deployment.history.missing()
        held = deployment.queues.read(orphans)
        deployment.crew.end(*ROLES)
        verdict = deployment.verdict()
    assert {(f"/{one.routing_key}", one.event_id) for one in held} == missing
    assert verdict.delivered == 2 * EVENTS - REFUSED
    assert not verdict.duplicates


def test_an_attempt_after_a_rotation_is_signed_with_the_new_secret(
    rabbitmq: Node, tmp_path: Path
) -> None:
    with waiting(rabbitmq, tmp_path) as deployment:
        now = time.time()
        new = ListenerSecret.new(now=now)
        deployment.store.rotate_secret("flaky", new, overlap_s=0.0, now=now)
        announce(deployment.broker, deployment.topology)
        deployment.trust("flaky", new)
        assert_complete(deployment.settle())


def test_a_full_queue_takes_what_waited_when_it_has_room(rabbitmq: Node, tmp_path: Path) -> None:
    """RabbitMQ keeps in the delay queue what the listener's queue does not take."""
    with waiting(rabbitmq, tmp_path) as deployment:
        deployment.crew.end("delivery")
        deployment.publish(MORE)
        queue = deployment.topology.listener_queue("flaky")
        assert wait_until(lambda: deployment.queues.ready([queue])[queue] == MORE)
        full = {"max-length": MORE, "overflow": "reject-publish"}
        deployment.queues.set_policy("full", r"^durian\.listener\.flaky$", full)
        assert wait_until(lambda: deployment.delayed() == 0)
        assert deployment.queues.ready([queue])[queue] < MORE + REFUSED
        deployment.crew.start("delivery")
        assert_complete(deployment.settle(), EVENTS + MORE)
