"""Every service of docker-compose.yml runs: its command, environment and health check.

No Docker is needed: the services run as processes of this machine against a RabbitMQ and a
PostgreSQL of the tests' own, with the addresses of the file replaced by those.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.compose import Service, await_that, load, start_order
from tests.support.postgres import Server, find_programs
from tests.support.rabbitmq import Node, PrivateNode, free_ports

CONFIG = load()["services"]

#: What Durian's own services are; the others are RabbitMQ and PostgreSQL.
OURS = [name for name in start_order(CONFIG) if "build" in CONFIG[name]]

pytestmark = [pytest.mark.rabbitmq, pytest.mark.postgres]


@pytest.fixture
def services(tmp_path: Path, amqp_url: str, postgres_url: str) -> dict[str, Service]:
    """Durian's services, at the addresses of this test."""
    port = free_ports(1)[0]
    places = {
        CONFIG["router"]["environment"]["DURIAN_BROKER_URL"]: amqp_url,
        CONFIG["router"]["environment"]["DURIAN_REGISTRY_URL"]: postgres_url,
        CONFIG["router"]["environment"]["DURIAN_ALLOWED_NETWORKS"]: "127.0.0.0/8",
        "/var/lib/durian": str(tmp_path),
        "0.0.0.0": "127.0.0.1",
        "listen:9000": f"127.0.0.1:{port}",
        "9000": str(port),
    }
    return {
        name: Service.local(
            name,
            CONFIG[name],
            places | {"/tmp/durian-health": str(tmp_path / name / "health")},  # noqa: S108  # is replaced
            tmp_path / name,
        )
        for name in OURS
    }


@pytest.fixture
def up(services: dict[str, Service]) -> Iterator[dict[str, Service]]:
    """`docker compose up`: everything started in order, and healthy."""
    with ExitStack() as stack:
        for name, service in services.items():
            if not service.healthcheck:
                service.complete()
                continue
            assert not service.healthy(), f"{name} is healthy before it runs"
            service.await_healthy(stack.enter_context(service.running()))
        yield services


def test_an_emitted_event_arrives_at_the_listening_endpoint(up: dict[str, Service]) -> None:
    """As the first lines of the file tell people to try it."""
    sent = up["router"].run(["durian", "emit", "person", '{"name": "Joe"}'])
    assert sent.returncode == 0, sent.stderr

    listen = up["listen"]
    await_that(lambda: "signature verified" in listen.printed(), "the event")
    assert sent.stdout.strip() in listen.printed()
    assert '"name": "Joe"' in listen.printed()


def test_a_second_start_changes_nothing(up: dict[str, Service]) -> None:
    """What ran once runs again at the next `docker compose up`."""
    for service in up.values():
        if not service.healthcheck:
            service.complete()

    listed = up["router"].run(["durian", "listeners", "list", "--json"])
    assert len(listed.stdout.splitlines()) == 1


@pytest.mark.parametrize("name", ["router", "deliver"])
def test_a_stopped_worker_is_not_healthy(services: dict[str, Service], name: str) -> None:
    services["registry"].complete()
    services["topology"].complete()
    worker = services[name]

    with worker.running() as process:
        worker.await_healthy(process)

    assert process.returncode == 0, worker.printed()
    assert not worker.healthy()


def test_rabbitmq_is_healthy_by_its_check(rabbitmq: Node, tmp_path: Path) -> None:
    if not isinstance(rabbitmq, PrivateNode):
        pytest.skip("DURIAN_TEST_AMQP_URL names a broker without a rabbitmq-diagnostics")
    programs = rabbitmq._server.parent
    service = Service.local("rabbitmq", CONFIG["rabbitmq"], {}, tmp_path / "rabbitmq")
    node = rabbitmq._environment
    service = replace(service, environment=node | {"PATH": f"{programs}:{node['PATH']}"})

    assert service.healthy()


def test_rabbitmq_takes_the_settings_file(rabbitmq: Node) -> None:
    """The private node runs with the file that docker-compose.yml mounts."""
    expression = "application:get_env(rabbit, dead_letter_worker_publisher_confirm_timeout)."

    assert rabbitmq.ctl("eval", expression).strip() == "{ok,10000}"


def test_postgres_is_healthy_by_its_check(postgres_server: Server, tmp_path: Path) -> None:
    programs = find_programs()
    assert programs is not None
    place = urlsplit(postgres_server.url)
    here = {"--host=127.0.0.1": f"--host={place.hostname}"}
    service = Service.local("postgres", CONFIG["postgres"], here, tmp_path / "postgres")
    path = f"{programs}{os.pathsep}{service.environment['PATH']}"
    up = replace(service, environment={"PATH": path, "PGPORT": str(place.port or 5432)})
    down = replace(up, environment={"PATH": path, "PGPORT": str(free_ports(1)[0])})

    assert up.healthy()
    assert not down.healthy()
