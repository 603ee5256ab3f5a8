"""Three shells on RabbitMQ and PostgreSQL: the how-to of docs/getting-started.md."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support.cli import Running, durian

pytestmark = [pytest.mark.rabbitmq, pytest.mark.postgres]


@pytest.fixture
def settings(amqp_url: str, postgres_url: str, tmp_path: Path) -> dict[str, str]:
    """What every shell is given, on an empty broker and an upgraded registry."""
    given = {
        "DURIAN_BROKER_URL": amqp_url,
        "DURIAN_REGISTRY_URL": postgres_url,
        "DURIAN_ALLOWED_NETWORKS": "127.0.0.0/8",
    }
    upgraded = durian("registry", "upgrade", home=tmp_path, settings=given)
    assert upgraded.returncode == 0, upgraded
    return given


def arrived_names(home: Path, settings: dict[str, str], listen: Running) -> list[str]:
    """Add a listener for names with a J, emit three events, and wait for two."""
    url = listen.wait_json("listening")["listening"]
    command = ("listeners", "add", f"{url}/hook", "--event", "person", "--json")
    added = durian(*command, "--match", "name=startswith:J", home=home, settings=settings)
    assert added.returncode == 0, added
    assert json.loads(added.stdout)["secret"].startswith("whsec_")
    # The control message is faster than a new process can emit.
    for data in ('{"name":"Joe"}', '{"name":"Bo"}', '{"name":"Jill"}'):
        emitted = durian("emit", "person", data, home=home, settings=settings)
        assert emitted.returncode == 0, emitted
    return [json.loads(listen.wait_json("number")["body"])["name"] for _ in range(2)]


def scrape(url: str) -> str:
    with urlopen(url) as response:  # noqa: S310  # it is our own
        text: str = response.read().decode()
    return text


def test_three_shells(tmp_path: Path, settings: dict[str, str]) -> None:
    with ExitStack() as shells:
        listen, router, deliver = (
            shells.enter_context(Running(*command, home=tmp_path, settings=settings))
            for command in (
                ("listen", "--port", "0", "--json"),
                ("router", "--metrics-port", "0"),
                ("deliver", "--metrics-port", "0"),
            )
        )
        metrics = [process.wait_json("url")["url"] for process in (router, deliver)]
        router.wait_line("process.started")
        deliver.wait_line("process.started")
        assert arrived_names(tmp_path, settings, listen) == ["Joe", "Jill"]
        routed, delivered = map(scrape, metrics)
        assert 'durian_router_events_total{type="person"} 3.0' in routed
        assert "durian_broker_connected 1.0" in routed
        assert 'result="delivered",status="2xx"} 2.0' in delivered
        assert router.stop() == 0
        assert deliver.stop() == 0
        assert listen.stop() == 0


def test_a_router_that_starts_again_by_its_snapshot_routes_what_came_meanwhile(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    path = tmp_path / "index"
    command = ("router", "--snapshot", str(path))
    with (
        Running("listen", "--port", "0", "--json", home=tmp_path) as listen,
        Running("deliver", home=tmp_path, settings=settings) as deliver,
    ):
        with Running(*command, home=tmp_path, settings=settings) as router:
            router.wait_line("router.snapshot_missing")
            router.wait_line("process.started")
            assert arrived_names(tmp_path, settings, listen) == ["Joe", "Jill"]
            assert router.stop() == 0
        assert path.stat().st_mode & 0o777 == 0o600
        for data in ('{"name":"Bo"}', '{"name":"Jane"}'):
            emitted = durian("emit", "person", data, home=tmp_path, settings=settings)
            assert emitted.returncode == 0, emitted
        with Running(*command, home=tmp_path, settings=settings) as router:
            router.wait_line("router.snapshot_restored")
            assert json.loads(listen.wait_json("number")["body"])["name"] == "Jane"
            assert router.stop() == 0
        assert deliver.stop() == 0
        assert listen.stop() == 0


def test_one_process_on_rabbitmq(tmp_path: Path, settings: dict[str, str]) -> None:
    with (
        Running("listen", "--port", "0", "--json", home=tmp_path) as listen,
        Running("up", "--port", "0", home=tmp_path, settings=settings) as up,
    ):
        up.wait_line("up.started")
        assert arrived_names(tmp_path, settings, listen) == ["Joe", "Jill"]
        assert up.stop() == 0
        assert not [line for line in up.lines if "up.broker_embedded" in line]


def test_the_doctor_finds_a_working_deployment_well(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    before = durian("doctor", "--json", home=tmp_path, settings=settings)
    assert before.returncode == 0, before
    levels = {line["about"]: line for line in map(json.loads, before.stdout.splitlines())}
    assert levels["topology"]["level"] == "warn"
    assert "durian topology --declare" in levels["topology"]["advice"]

    declared = durian("topology", "--declare", home=tmp_path, settings=settings)
    assert declared.returncode == 0, declared
    after = durian("doctor", "--json", home=tmp_path, settings=settings)
    assert after.returncode == 0, after
    levels = {line["about"]: line for line in map(json.loads, after.stdout.splitlines())}
    assert levels["topology"]["level"] == "ok"
    assert levels["registry"]["level"] == "ok"
    assert "Start `durian router`" in levels["router"]["advice"]


def test_a_process_is_healthy_while_it_runs(tmp_path: Path, settings: dict[str, str]) -> None:
    health = {"DURIAN_HEALTH_FILE": str(tmp_path / "health")}
    assert durian("health", home=tmp_path, settings=health).returncode == 1
    with Running("router", home=tmp_path, settings=settings | health) as router:
        router.wait_line("process.started")
        assert durian("health", home=tmp_path, settings=health).returncode == 0
        found = durian("doctor", home=tmp_path, settings=settings).stdout
        assert "router: is at work" in found
        assert "Start `durian record`" in found
        assert router.stop() == 0
    assert durian("health", home=tmp_path, settings=health).returncode == 1
