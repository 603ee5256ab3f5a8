"""The outbox on PostgreSQL and RabbitMQ, with processes that die at every step of an event's way.

The points are those between a change and the broker's confirm: before the commit, after it,
published, confirmed, marked; two relays at once; and a rollback after a relay has looked.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import psycopg
import pytest

from tests.support.cli import Running
from tests.support.declared import House
from tests.support.house import ROOT
from tests.support.postgres import Server
from tests.support.proxy import Proxy
from tests.support.rabbitmq import Node

pytestmark = [pytest.mark.crash, pytest.mark.rabbitmq, pytest.mark.postgres]

#: Seconds that a program of a test may take.
PATIENCE_S = 60.0


@dataclass
class Project:
    """The test project on a database and a broker of its own."""

    database_url: str
    house: House
    broker_url: str
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def begin(self, scene: str, plan: str = "") -> subprocess.Popen[str]:
        """Start a program."""
        environment = os.environ | {
            "DURIAN_TEST_DJANGO_DATABASE": self.database_url,
            "DURIAN_BROKER_URL": self.broker_url,
            "DURIAN_FAILPOINT": plan,
            "PYTHONUNBUFFERED": "1",
        }
        program = subprocess.Popen(
            [sys.executable, "-m", "tests.support.outbox_play", scene],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(program)
        return program

    def begin_relay(self) -> subprocess.Popen[str]:
        """Start a relay, and wait until it is at work: before, a signal would just end it."""
        relay = self.begin("relay_for_long")
        assert relay.stdout is not None
        assert relay.stdout.readline().startswith("Relaying the outbox")
        return relay

    def play(self, scene: str, plan: str = "") -> str:
        """Run a program to its end, which is a violent one where there is a plan."""
        program = self.begin(scene, plan)
        output, errors = program.communicate(timeout=PATIENCE_S)
        dies = plan or scene == "save_and_die"
        assert program.returncode == (-signal.SIGKILL if dies else 0), errors
        return output

    def end(self, program: subprocess.Popen[str]) -> str:
        """Stop a program as an operator does; tell what it printed."""
        program.send_signal(signal.SIGTERM)
        output, errors = program.communicate(timeout=PATIENCE_S)
        assert program.returncode == 0, errors
        return output

    def rows(self) -> tuple[int, int]:
        """How many events wait in the outbox, and how many are published."""
        with psycopg.connect(self.database_url) as connection:
            row = connection.execute(
                "SELECT count(*) - count(sent_at), count(sent_at) FROM durian_outbox"
            ).fetchone()
        assert row is not None
        return row[0], row[1]

    def await_rows(self, waiting: int, published: int) -> None:
        """Wait until so many events wait in the outbox, and so many are published."""
        deadline = time.monotonic() + PATIENCE_S
        pause = threading.Event()
        while self.rows() != (waiting, published):
            assert time.monotonic() < deadline, self.rows()
            pause.wait(0.05)

    def persons(self) -> int:
        """How many persons there are."""
        with psycopg.connect(self.database_url) as connection:
            row = connection.execute("SELECT count(*) FROM people_person").fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture(scope="module")
def database(postgres_server: Server) -> Iterator[str]:
    """A database with the project's tables."""
    name = postgres_server.add_database()
    url = postgres_server.database_url(name)
    Project(url, House(""), "").play("migrate")
    yield url
    postgres_server.drop_database(name)


@pytest.fixture(scope="module")
def vhost(rabbitmq: Node) -> Iterator[House]:
    """A virtual host with all exchanges and queues."""
    name = rabbitmq.add_vhost()
    house = House(rabbitmq.vhost_url(name))
    house.declare()
    yield house
    rabbitmq.delete_vhost(name)


@pytest.fixture
def project(database: str, vhost: House) -> Iterator[Project]:
    """The project, with nothing in its outbox and its queues."""
    with psycopg.connect(database) as connection:
        connection.execute("TRUNCATE durian_outbox, people_person CASCADE")
    vhost.take()
    project = Project(database, vhost, vhost.url)
    yield project
    for program in project.running:
        program.kill()
        program.communicate()


def test_a_process_that_dies_before_the_commit_emits_nothing(project: Project) -> None:
    project.play("save", "outbox.written:kill")
    project.play("relay")

    assert (project.persons(), project.rows()) == (0, (0, 0))
    assert project.house.ids() == []


def test_a_process_that_dies_after_the_commit_loses_nothing(project: Project) -> None:
    project.play("save_and_die")
    assert (project.persons(), project.rows()) == (1, (1, 0))
    project.play("relay")

    assert project.rows() == (0, 1)
    assert len(project.house.ids()) == 1


def test_relays_that_die_lose_nothing_and_keep_ids(project: Project) -> None:
    project.play("save_many")
    project.play("relay", "relay.taken:kill")
    assert project.house.ids() == []
    taken = []
    for plan in ("producer.published:kill", "producer.published:kill@100", "relay.confirmed:kill"):
        project.play("relay", plan)
        assert project.rows() == (100, 0), plan
        taken += project.house.ids()
    project.play("relay")

    assert project.rows() == (0, 100)
    last = project.house.ids()
    assert len(last) == len(set(last)) == 100
    assert set(taken) == set(last)


def test_two_relays_at_once_publish_each_event_once(project: Project) -> None:
    relays = [project.begin_relay() for _ in range(2)]
    project.play("save_many")
    project.await_rows(0, 100)
    for relay in relays:
        project.end(relay)

    ids = project.house.ids()
    assert (len(ids), len(set(ids))) == (100, 100)


def test_the_relay_of_other_applications_relays_it_too(project: Project, tmp_path: Path) -> None:
    project.play("save")
    places = ("--outbox", project.database_url, "--broker", project.broker_url)
    with Running("relay", *places, home=tmp_path):
        project.await_rows(0, 1)

    assert len(project.house.ids()) == 1


def test_a_rollback_after_a_relay_has_looked_emits_nothing(project: Project) -> None:
    late = project.begin("roll_back_late")
    assert late.stdout is not None
    assert late.stdout.readline() == "waiting\n"
    assert project.play("relay").startswith("0 events")
    late.communicate("\n", timeout=PATIENCE_S)
    assert late.returncode == 0
    project.play("relay")

    assert (project.persons(), project.rows()) == (0, (0, 0))
    assert project.house.ids() == []


def test_a_broker_that_is_away_loses_nothing_and_is_not_even_spoken_to(project: Project) -> None:
    """A request cannot wait for a broker when nothing that talks to one is loaded."""
    with Proxy(project.broker_url) as proxy:
        project.broker_url = proxy.url
        proxy.stall(new=True)
        relay = project.begin_relay()
        assert project.play("save_without_the_broker") == "[]\n"
        assert project.rows() == (100, 0)
        proxy.stall(new=False)
        proxy.reset()
        project.await_rows(0, 100)
        project.end(relay)

    assert len(set(project.house.ids())) == 100


@pytest.mark.chaos
def test_a_broker_that_is_away_for_a_minute_slows_nobody_and_loses_nothing(
    project: Project,
) -> None:
    """Under load, while the relay tries: a save takes at most 50 ms longer, but for one in 100."""
    pause = threading.Event()
    with Proxy(project.broker_url) as proxy:
        project.broker_url = proxy.url
        relay = project.begin_relay()
        program = project.begin("save_under_load")
        pause.wait(15)
        before = saves(program)
        proxy.stall(new=True)
        pause.wait(60)
        during = saves(program)
        waiting, _ = project.rows()
        proxy.stall(new=False)
        proxy.reset()
        after = saves(program)
        _, errors = program.communicate(timeout=PATIENCE_S)
        assert program.returncode == 0, errors
        project.await_rows(0, project.persons())
        project.end(relay)

    assert waiting >= len(during) > 1000
    assert project.persons() >= len(before) + len(during) + len(after)
    assert len(set(project.house.ids())) == project.persons()
    slow_before, slow_during = (quantiles(times, n=100)[-1] for times in (before, during))
    assert slow_during <= slow_before + 50, (slow_before, slow_during)


def saves(program: subprocess.Popen[str]) -> list[float]:
    """Tell how long each save took since this was asked before, in milliseconds."""
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write("\n")
    program.stdin.flush()
    times: list[float] = json.loads(program.stdout.readline())
    return times


def test_rows_that_the_database_does_not_lock_are_updated_in_bulk(project: Project) -> None:
    project.play("update_in_bulk")

    assert project.rows() == (6, 0)
