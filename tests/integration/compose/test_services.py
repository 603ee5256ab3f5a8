"""Every service of docker-compose.yml runs: its command, environment and health check.

No Docker is needed: the services run as processes of this machine against a RabbitMQ and a
PostgreSQL of the tests' own, with the addresses of the file replaced by those.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.compose import PATIENCE_S, Service, await_that, load, start_order
from tests.support.postgres import Server, find_programs
from tests.support.rabbitmq import Node, PrivateNode, free_ports

CONFIG = load()["services"]

#: What Durian's own services are; the others are RabbitMQ and PostgreSQL.
OURS = [name for name in start_order(CONFIG) if "build" in CONFIG[name]]

pytestmark = [pytest.mark.rabbitmq, pytest.mark.postgres]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A service, and its process when it lasts."""

    service: Service
    process: subprocess.Popen[bytes] | None


@pytest.fixture(scope="module")
def places(rabbitmq: Node, postgres_server: Server) -> Iterator[dict[str, str]]:
    """What stands for the addresses of the file: those of servers, and a free port."""
    vhost, database = rabbitmq.add_vhost(), postgres_server.add_database()
    port, web_port = free_ports(2)
    settings = CONFIG["router"]["environment"]
    yield {
        settings["DURIAN_BROKER_URL"]: rabbitmq.vhost_url(vhost),
        settings["DURIAN_REGISTRY_URL"]: postgres_server.database_url(database),
        settings["DURIAN_ALLOWED_NETWORKS"]: "127.0.0.0/8",
        "0.0.0.0": "127.0.0.1",
        "listen:9000": f"127.0.0.1:{port}",
        "9000": str(port),
        # Of all services on one machine, each takes a free one.
        "9100": "0",
        "8700": str(web_port),
    }
    rabbitmq.delete_vhost(vhost)
    postgres_server.drop_database(database)


@pytest.fixture(scope="module")
def up(
    places: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Running]]:
    """`docker compose up`: everything started in order, and healthy."""
    state = tmp_path_factory.mktemp("compose")
    running: dict[str, Running] = {}
    with ExitStack() as stack:
        for name in OURS:
            folder = state / name
            paths = {
                _path("DURIAN_HEALTH_FILE"): str(folder / "health"),
                str(Path(_path("DURIAN_SECRET_KEY_FILE")).parent): str(state),
            }
            service = Service.local(name, CONFIG[name], places | paths, folder)
            running[name] = Running(service=service, process=_start(service, stack))
        yield running


def test_an_emitted_event_arrives_at_the_listening_endpoint(up: dict[str, Running]) -> None:
    """As the first lines of the file tell people to try it.

    A router learns of a new listener within a second, or a few on a busy machine; an event that
    comes before that is not for it.
    """
    listen = up["listen"].service

    def emitted_and_arrived() -> bool:
        sent = up["router"].service.run(["durian", "emit", "person", '{"name": "Joe"}'])
        assert sent.returncode == 0, sent.stderr
        return sent.stdout.strip() in listen.printed()

    await_that(emitted_and_arrived, "the event")
    assert "signature verified" in listen.printed()
    assert '"name": "Joe"' in listen.printed()


def test_the_delivery_is_on_record(up: dict[str, Running]) -> None:
    router = up["router"].service
    event_id = router.run(["durian", "emit", "person", '{"name": "Joe"}']).stdout.strip()
    asked = ["durian", "deliveries", "list", "--event", event_id]

    await_that(lambda: "delivered" in router.run(asked).stdout, "the record")


def test_what_was_delivered_is_recorded(up: dict[str, Running]) -> None:
    def recorded() -> bool:
        asked = up["record"].service.run(["durian", "deliveries", "list", "--json"])
        assert asked.returncode == 0, asked.stderr
        return '"result": "delivered"' in asked.stdout

    await_that(recorded, "the record")


def test_a_second_start_changes_nothing(up: dict[str, Running]) -> None:
    """What ran once runs again at the next `docker compose up`."""
    for one in up.values():
        if one.process is None:
            one.service.complete()

    listed = up["router"].service.run(["durian", "listeners", "list", "--json"])
    assert len(listed.stdout.splitlines()) == 1


def test_a_stopped_service_ends_well_and_is_not_healthy(up: dict[str, Running]) -> None:
    """The last test of them: nothing runs after it."""
    for one in up.values():
        if one.process is not None:
            one.process.terminate()

    for name, one in up.items():
        if one.process is not None:
            assert one.process.wait(PATIENCE_S) == 0, f"{name}: {one.service.printed()}"
            assert not one.service.healthy(), name


def test_rabbitmq_is_healthy_by_its_check(mortal_rabbitmq: PrivateNode, tmp_path: Path) -> None:
    programs = mortal_rabbitmq._server.parent
    service = Service.local("rabbitmq", CONFIG["rabbitmq"], {}, tmp_path / "rabbitmq")
    node = mortal_rabbitmq._environment
    service = replace(service, environment=node | {"PATH": f"{programs}:{node['PATH']}"})

    assert service.healthy()


def test_rabbitmq_takes_the_settings_file(mortal_rabbitmq: PrivateNode) -> None:
    """The private node runs with the file that docker-compose.yml mounts."""
    expression = "application:get_env(rabbit, dead_letter_worker_publisher_confirm_timeout)."

    assert mortal_rabbitmq.ctl("eval", expression).strip() == "{ok,10000}"


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


def _path(variable: str) -> str:
    """A path that the file gives by a setting."""
    path: str = CONFIG["router"]["environment"][variable]
    return path


def _start(service: Service, stack: ExitStack) -> subprocess.Popen[bytes] | None:
    """Run a service to its end, or until it is healthy."""
    if not service.healthcheck:
        service.complete()
        return None
    assert not service.healthy(), f"{service.name} is healthy before it runs"
    process = stack.enter_context(service.running())
    service.await_healthy(process)
    return process
