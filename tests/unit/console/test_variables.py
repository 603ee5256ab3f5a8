"""A variable that is misspelt is warned of; one that is another's is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from durian.console import entry
from durian.console.app import build
from durian.console.doctor import machine
from durian.console.settings import Settings, variable
from durian.console.variables import OTHERS, misspelt
from durian.django.settings import DjangoSettings


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("DURIAN_BROKER_ULR", "DURIAN_BROKER_URL"),
        ("DURIAN_BROKER", "DURIAN_BROKER_URL"),
        ("DURIAN_THREAD", "DURIAN_THREADS"),
        ("DURIAN_ALLOW_NETWORKS", "DURIAN_ALLOWED_NETWORKS"),
        ("DURIAN_PORT", "DURIAN_API_PORT"),
        ("DURIAN_XYZZY", ""),
    ],
)
def test_the_nearest_name_is_told(name: str, near: str) -> None:
    assert list(misspelt({name: "8701", "PATH": "/bin"})) == [(name, near)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DURIAN_SERVICE_HOST", "10.0.0.1"),
        ("DURIAN_WEB_SERVICE_PORT_HTTP", "8700"),
        ("DURIAN_PORT", "tcp://10.0.0.1:8700"),
        ("DURIAN_WEB_PORT_8700_TCP_ADDR", "10.0.0.1"),
        ("DURIAN_ENV_PATH", "/bin"),
        ("DURIAN_NAME", "/shop/durian"),
        ("DURIAN_TEST_AMQP_URL", "amqp://localhost"),
        ("_DURIAN_COMPLETE", "complete_bash"),
    ],
)
def test_what_containers_are_told_of_their_neighbours_is_left_alone(name: str, value: str) -> None:
    assert list(misspelt({name: value})) == []


def envvars(command: Any) -> Iterator[str]:
    """What the options of a command, and of those below it, are read from."""
    yield from filter(None, (option.envvar for option in command.params))
    for inner in getattr(command, "commands", {}).values():
        yield from envvars(inner)


def test_every_variable_that_anything_reads_is_known() -> None:
    read = {
        *envvars(build()),
        *map(variable, [*Settings.model_fields, *DjangoSettings.model_fields]),
    }
    assert list(misspelt(dict.fromkeys(read | OTHERS, "1"))) == []


@pytest.mark.usefixtures("run")
def test_a_command_warns_once_and_does_its_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DURIAN_BROKER_ULR", "amqp://user:pa55@host/")
    assert entry.run(["listeners", "list", "--json"]) == 0
    said = "warning: DURIAN_BROKER_ULR is no setting, and does nothing.\n"
    assert capsys.readouterr() == ("", f"{said}hint: Did you mean DURIAN_BROKER_URL?\n")
    (found,) = machine.environment()
    assert (found.level, found.advice) == ("warn", "Did you mean DURIAN_BROKER_URL?")
    monkeypatch.delenv("DURIAN_BROKER_ULR")
    assert [one.level for one in machine.environment()] == ["ok"]
