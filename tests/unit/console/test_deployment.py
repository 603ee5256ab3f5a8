"""Commands on the registry here say when the Durian of this machine has another one."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from durian.console import deployment, entry, exits
from durian.console.local_token import local_token
from durian.console.settings import Settings
from durian.events import Event
from tests.support.api import Api
from tests.support.asking import serving
from tests.support.commands import CommandLine
from tests.support.letters import give_up

ADD = ("listeners", "add", "http://127.0.0.1:9000/hook", "--event", "person", "--id", "joe")

#: As a `durian up --allow-network 127.0.0.0/8` is told.
SETTINGS = Settings(allowed_networks=(ip_network("127.0.0.0/8"),))


@contextmanager
def up(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A server of this machine at the port that is set, on a registry."""
    monkeypatch.setattr(deployment, "NEAR_PATIENCE_S", 60.0)  # the machine may be busy
    given = {"settings": SETTINGS, "local_token": local_token("127.0.0.1")}
    with Api(f"sqlite:///{path}", **given) as api, serving(api.app) as place:
        monkeypatch.setenv("DURIAN_API_PORT", str(urlsplit(place).port))
        yield api


@pytest.fixture
def other(run: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A server whose registry is another one than that here."""
    del run  # its folder
    with up(tmp_path / "other/durian.db", monkeypatch) as api:
        yield api


@pytest.fixture
def same(run: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """The same, and its registry is that here."""
    del run
    with up(tmp_path / "durian.db", monkeypatch) as api:
        yield api


@pytest.fixture
def shown(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is shown to some program at the port that is set, which is no Durian."""
    del run
    monkeypatch.setattr(deployment, "NEAR_PATIENCE_S", 60.0)
    shown: list[str] = []

    async def answer(request: Request) -> JSONResponse:
        shown.append(request.headers.get("Authorization", ""))
        return JSONResponse(["hello"])

    with serving(Starlette(routes=[Route("/{path:path}", answer)])) as place:
        monkeypatch.setenv("DURIAN_API_PORT", str(urlsplit(place).port))
        yield shown


def said(capsys: pytest.CaptureFixture[str], *command: str, code: int = exits.OK) -> str:
    """What a command says on stderr."""
    assert entry.run(list(command)) == code
    return capsys.readouterr().err


#: A command each of all that work on the registry here.
COMMANDS = (
    ADD,
    ("listeners", "list"),
    ("hooks", "list"),
    ("tokens", "list"),
    ("deliveries", "list"),
    ("replay", "list"),
    ("audit", "list"),
    ("sources", "list"),
    ("users", "list"),
    ("registry", "version"),
)


@pytest.mark.usefixtures("other")
def test_two_registries_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = f"warning: The registry here is sqlite:///{tmp_path}/durian.db, but"
    for command in COMMANDS:
        warning, hint, *_ = said(capsys, *command).splitlines()
        assert warning.startswith(here), command
        assert f"has sqlite:///{tmp_path}/other/durian.db." in warning
        assert "--registry" in hint


def test_where_there_is_no_registry_that_of_the_server_is_named(
    run: CommandLine, other: Api, tmp_path: Path
) -> None:
    (tmp_path / "durian.db").unlink()
    told = run("listeners", "list", code=exits.FAILED)
    assert f"There is no registry at {tmp_path}/durian.db" in told
    assert f"has {other.store.where()}: be in its directory, or name it by --registry" in told


@pytest.mark.usefixtures("same")
def test_on_one_registry_nothing_is_warned_of_that_the_server_allows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert said(capsys, *ADD) == ""
    assert said(capsys, "listeners", "list", "--json") == ""
    blocked = said(capsys, "listeners", "update", "joe", "--url", "http://10.0.0.1/")
    assert "--allow-network 10.0.0.1/32" in blocked


@pytest.mark.usefixtures("other")
def test_on_rabbitmq_that_server_plays_no_part(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DURIAN_BROKER_URL", "amqp://127.0.0.1:1/")
    assert said(capsys, "listeners", "list") == ""


def test_a_listener_that_is_only_here_is_said_to_be(
    run: CommandLine, other: Api, tmp_path: Path
) -> None:
    run("emit", "person", "{}", "--id", "e1")
    run(*ADD)
    told = run("explain", "e1", "joe", code=exits.FAILED)
    assert "No listener joe" in told
    assert f"It is in the registry sqlite:///{tmp_path}/durian.db; the Durian at http" in told
    assert f"has {other.store.where()}." in told
    # One that is in neither, and an event that is not known, have their own hints.
    assert "It is in the registry" not in run("explain", "e1", "zoe", code=exits.FAILED)
    unknown = run("explain", "e2", "joe", code=exits.FAILED)
    assert "It is in the registry" not in unknown
    assert "--since 7d" in unknown


def findings(run: CommandLine) -> dict[str, dict[str, str]]:
    """What the doctor finds, by what it is about."""
    return {one["about"]: one for one in run.json("doctor")}


def test_the_doctor_says_that_no_durian_up_runs(run: CommandLine) -> None:
    found = findings(run)["server"]
    assert (found["level"], found["advice"]) == ("warn", "Start `durian up`.")
    assert "No Durian answers at http://127.0.0.1:1" in found["found"]


def test_the_doctor_sees_what_waits_in_a_durian_up(run: CommandLine, same: Api) -> None:
    before = findings(run)
    assert {before[about]["level"] for about in ("server", "dead", "orphans")} == {"ok"}
    assert same.store.where() in before["server"]["found"]
    run(*ADD)
    give_up(same.broker, same.names, "joe", *(Event(type="person", data={}) for _ in range(2)))
    after = findings(run)["dead"]
    assert after["found"] == "2 dead letters wait for somebody to decide; listeners: 1"
    assert "durian dead show joe" in after["advice"]


def test_the_doctor_is_content_with_a_token_that_reads(
    run: CommandLine, other: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DURIAN_TOKEN", other.token("read"))
    found = findings(run)
    assert found["server"]["level"] == found["dead"]["level"] == "ok"
    assert "lacks the scope admin" in found["server"]["found"]


def test_the_doctor_is_content_with_a_token_that_emits(
    run: CommandLine, other: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DURIAN_TOKEN", other.token("publish"))
    assert findings(run)["server"]["level"] == "ok"


def test_the_doctor_warns_of_a_token_that_is_not_known(
    run: CommandLine, other: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    del other
    monkeypatch.setenv("DURIAN_TOKEN", "durian_unknown")
    found = findings(run)["server"]
    assert found["level"] == "warn"
    assert "Set DURIAN_TOKEN" in found["advice"]


@pytest.mark.usefixtures("shown")
def test_the_doctor_warns_of_another_program(run: CommandLine) -> None:
    found = findings(run)["server"]
    assert found["level"] == "warn"
    assert "is no Durian" in found["found"]
    assert "--port" in found["advice"]


def test_the_doctor_names_another_registry(run: CommandLine, other: Api) -> None:
    found = findings(run)["server"]
    assert found["level"] == "warn"
    assert found["found"].endswith(f"with another registry than here: {other.store.where()}")


@pytest.mark.parametrize("command", ["stats", "tail"])
def test_on_rabbitmq_a_server_that_does_not_answer_has_to_be_a_web(
    command: str, run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DURIAN_BROKER_URL", "amqp://127.0.0.1:1/")
    told = run(command, code=exits.UNAVAILABLE)
    assert "No Durian answers at http://127.0.0.1:1" in told
    assert "hint: Start `durian web`" in told
    assert "DURIAN_BROKER_URL" not in told


@pytest.mark.usefixtures("same")
def test_numbers_of_another_deployment_are_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(capsys, "stats") == ""
    monkeypatch.setenv("DURIAN_BROKER_URL", "amqp://127.0.0.1:1/")
    warning, hint = said(capsys, "stats").splitlines()
    assert "tells of another deployment: its broker is embedded" in warning
    assert "durian web" in hint
    (tmp_path / "durian.db").rename(tmp_path / "moved.db")
    assert "its broker is embedded" in said(capsys, "stats")


def test_what_is_no_durian_is_not_compared_and_sees_no_token_that_is_set(
    shown: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DURIAN_TOKEN", "durian_prodprod_of-a-server-elsewhere")
    assert said(capsys, "listeners", "list") == ""
    assert shown == [""]
    text = local_token("127.0.0.1")
    assert said(capsys, "users", "list") == ""
    assert shown[1:] == [f"Bearer {text}"]


def test_what_answers_at_another_address_is_not_compared(
    shown: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DURIAN_API_HOST", "0.0.0.0")
    assert said(capsys, "listeners", "list") == ""
    assert shown == []


def test_a_server_that_is_set_is_not_compared(
    other: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says where other commands work; these have the registry here."""
    monkeypatch.setenv("DURIAN_SERVER", f"http://127.0.0.1:{os.environ['DURIAN_API_PORT']}")
    monkeypatch.setenv("DURIAN_TOKEN", other.token("admin"))
    assert said(capsys, "users", "list") == said(capsys, "registry", "version") == ""
    (tmp_path / "durian.db").unlink()
    assert "/other/" not in said(capsys, "users", "list", code=exits.FAILED)


@pytest.mark.usefixtures("run")
def test_a_server_that_hangs_is_named_and_waited_for_no_longer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deployment, "NEAR_PATIENCE_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        monkeypatch.setenv("DURIAN_API_PORT", str(port))
        (warning,) = said(capsys, "listeners", "list").splitlines()
    place = f"http://127.0.0.1:{port}"
    assert warning.startswith(f"warning: No Durian answers at {place}: no answer came in time.")


def test_a_deployment_is_told_without_its_passwords(registry_copy: str) -> None:
    broker_url = "amqp://ann:p@ss@mq/shop?password=secret; amqps://ann:p@ss@[::1]:7"
    settings = Settings(broker_url=broker_url, registry_url=registry_copy)
    with Api(registry_copy, settings=settings) as api:
        told = api.asker("admin").get("/v1/deployment")
        assert told == {
            "registry": registry_copy,
            "registry_id": api.store.identity(),
            "broker": "amqp://mq/shop;amqps://[::1]:7",
            "allowed_networks": [],
        }
