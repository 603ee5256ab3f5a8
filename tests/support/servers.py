"""The servers that tests run against: private ones, started when first asked for.

When the suite runs in several processes (`pytest -n`), all of them share one RabbitMQ and one
PostgreSQL, where each test has a virtual host and a database of its own. A test that kills, stops,
starves or reconfigures a server asks for `mortal_rabbitmq` or `mortal_postgres` instead, or is
marked `alone`: that one nobody shares, and its `amqp_url` is on it.

`DURIAN_TEST_AMQP_URL` and `DURIAN_TEST_POSTGRES_URL` name running servers to share instead. The
management API of that RabbitMQ must answer on port 15672 of the same host, and the user of that
PostgreSQL must be allowed to create databases.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.absent import absent
from tests.support.postgres import PrivateServer, Server, find_programs
from tests.support.rabbitmq import Node, PrivateNode, find_server

AMQP_URL = "DURIAN_TEST_AMQP_URL"
POSTGRES_URL = "DURIAN_TEST_POSTGRES_URL"

_SHARED_NODE = pytest.StashKey[PrivateNode]()
_SHARED_SERVER = pytest.StashKey[PrivateServer]()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of the suite, before it starts, where the servers are that all share.

    Nobody waits for them here: they boot while tests are collected.
    """
    stash = node.config.stash
    program, programs = find_server(), find_programs()
    if program and not os.environ.get(AMQP_URL):
        if _SHARED_NODE not in stash:
            stash[_SHARED_NODE] = PrivateNode(program)
            stash[_SHARED_NODE].launch()
        shared = stash[_SHARED_NODE]
        node.workerinput["rabbitmq"] = (shared.url, shared.api_port)
    if programs and not os.environ.get(POSTGRES_URL):
        if _SHARED_SERVER not in stash:
            stash[_SHARED_SERVER] = PrivateServer(programs)
            stash[_SHARED_SERVER].launch()
        node.workerinput["postgres"] = stash[_SHARED_SERVER].url


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the servers that were shared."""
    if _SHARED_NODE in config.stash:
        config.stash[_SHARED_NODE].remove()
    if _SHARED_SERVER in config.stash:
        config.stash[_SHARED_SERVER].remove()


@contextmanager
def private_node() -> Iterator[PrivateNode]:
    """Run a node of our own; skips the test where RabbitMQ is missing, and fails it on CI."""
    program = find_server()
    if program is None:
        absent(f"no RabbitMQ: install rabbitmq-server, or set {AMQP_URL}")
    node = PrivateNode(program)
    try:
        node.start()
        yield node
    finally:
        node.remove()


@contextmanager
def private_server() -> Iterator[PrivateServer]:
    """Run a server of our own; skips the test where PostgreSQL is missing, and fails it on CI."""
    programs = find_programs()
    if programs is None:
        absent(f"no PostgreSQL: install its server, or set {POSTGRES_URL}")
    server = PrivateServer(programs)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def rabbitmq(request: pytest.FixtureRequest) -> Iterator[Node]:
    """A running RabbitMQ node, which other tests use at the same time."""
    shared = _told(request.config, "rabbitmq")
    given = os.environ.get(AMQP_URL)
    if given:
        yield Node(given)
    elif shared:
        node = Node(*shared)
        node.await_boot()
        yield node
    else:
        with private_node() as own:
            yield own


@pytest.fixture(scope="session")
def mortal_rabbitmq(rabbitmq: Node) -> Iterator[PrivateNode]:
    """A running RabbitMQ node that the test has for itself, and leaves as it found it."""
    if isinstance(rabbitmq, PrivateNode):
        yield rabbitmq
    else:
        with private_node() as own:
            yield own


@pytest.fixture
def amqp_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The AMQP URL of a virtual host that is empty when the test begins and gone after it."""
    alone = request.node.get_closest_marker("alone")
    node: Node = request.getfixturevalue("mortal_rabbitmq" if alone else "rabbitmq")
    vhost = node.add_vhost()
    yield node.vhost_url(vhost)
    node.delete_vhost(vhost)


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A running PostgreSQL server, which other tests use at the same time."""
    shared = _told(request.config, "postgres")
    given = os.environ.get(POSTGRES_URL)
    if given:
        yield Server(given)
    elif shared:
        server = Server(shared)
        server.await_start()
        yield server
    else:
        with private_server() as own:
            yield own


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """The URL of a database that is empty when the test begins and gone after it."""
    name = postgres_server.add_database()
    yield postgres_server.database_url(name)
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def spare_postgres(postgres_server: Server) -> Iterator[PrivateServer]:
    """A PostgreSQL server that no other test uses at the same time."""
    if isinstance(postgres_server, PrivateServer):
        yield postgres_server
    else:
        with private_server() as own:
            yield own


@pytest.fixture
def mortal_postgres(spare_postgres: PrivateServer) -> Iterator[PrivateServer]:
    """A running PostgreSQL server that the test may stop and start."""
    yield spare_postgres
    if not spare_postgres.running:
        spare_postgres.start()


def _told(config: pytest.Config, name: str) -> Any:
    """What `pytest_configure_node` told this process; None where the suite is but one."""
    return getattr(config, "workerinput", {}).get(name)
