from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from durian.django.checks import check_deployment
from durian.django.deployment import DjangoDeployment
from durian.django.settings import DjangoSettings
from durian.hook import Hook, ModelHook, use
from durian.registry import hooks
from tests.support.people.models import Person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def deployment(tmp_path: Path) -> Iterator[DjangoDeployment]:
    settings = DjangoSettings(
        registry_url=f"sqlite:///{tmp_path / 'registry.db'}",
        secret_key_file=tmp_path / "key",
        allowed_networks=("127.0.0.0/8", "10.0.0.0/8"),
    )
    deployment = DjangoDeployment(settings)
    before = use(deployment)
    yield deployment
    use(before)
    deployment.close()


def test_the_command_line_works_with_the_projects_settings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Hook(name="ping").listener(url="https://joe.example/", id="joe").save()
    call_command("durian", "listeners", "show", "joe", "--json")

    assert json.loads(capsys.readouterr().out)["url"] == "https://joe.example/"
    assert "DURIAN_REGISTRY_URL" not in os.environ


def test_a_command_that_fails_is_a_failed_command(
    deployment: DjangoDeployment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deployment.store.count_listeners() == 0
    with pytest.raises(CommandError, match="exit code 1"):
        call_command("durian", "listeners", "show", "nobody")
    assert "nobody" in capsys.readouterr().err


def test_hooks_are_listed_and_written_to_the_registry(
    deployment: DjangoDeployment, capsys: pytest.CaptureFixture[str]
) -> None:
    hooks.register(Hook(name="ping", provides_args=["count"], example={"count": 1}))
    try:
        call_command("durian_hooks", publish=True)
    finally:
        hooks.unregister("ping")

    assert "ping: count\n1 hooks written" in capsys.readouterr().out
    assert deployment.store.get_hook("ping").example == {"count": 1}


def test_migrations_are_in_step_with_models() -> None:
    call_command("makemigrations", "durian", check=True, dry_run=True, verbosity=0)


def _messages(tag: str) -> list[str]:
    return [str(each) for each in run_checks() if (each.id or "").startswith(tag)]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ([], "DURIAN is a list"),
        ({"OUTBOKS": True}, "Did you mean 'OUTBOX'?"),
        ({"outbox": True}, "is not in upper case"),
        ({"PREFIX": "a b"}, 'DURIAN["PREFIX"]'),
        ({"OUTBOX": "perhaps"}, 'DURIAN["OUTBOX"] must be true or false'),
        ({"OUTBOX_KEEP_S": -1}, "must be at least 0"),
        ({"BROKER_URL": "localhost"}, "must begin with amqp:// or amqps://, not with 'localhost'"),
        ({"REGISTRY_URL": "x.db"}, "Write sqlite:///path/to/durian.db"),
        ({"SOURCE": "a b"}, 'DURIAN["SOURCE"] has white space'),
        ({"ALLOWED_NETWORKS": "localhost"}, "must be networks such as 10.0.0.0/8, and 'localhost'"),
        ({"ALLOWED_NETWORKS": ["10.0.0.1/8"]}, "10.0.0.1/8 has host bits set"),
        ({"NONSENSE": 1}, "There are BROKER_URL, API_HOST"),
    ],
)
def test_each_mistake_in_the_setting_is_explained(setting: Any, said: str, settings: Any) -> None:
    settings.DURIAN = setting

    (message,) = _messages("durian.E")
    assert said in message


def test_all_mistakes_are_told_at_once(settings: Any) -> None:
    settings.DURIAN = {
        "PREFIX": "a b",
        "OUTBOX_KEEP_S": -1,
        "BROKER_URL": "amqp://",
        "REGISTRY_URL": "",
        "SOURCE": "a b",
        "ALLOWED_NETWORKS": "localhost",
    }

    assert len(_messages("durian.E")) == 6


@pytest.mark.parametrize("url", ["", "amqps://mq/?cacertfile=/only/in/production.pem"])
def test_no_broker_and_a_file_that_is_elsewhere_are_no_mistakes(url: str, settings: Any) -> None:
    settings.DURIAN = {"BROKER_URL": url}

    assert _messages("durian.E") == []


def test_a_missing_broker_is_a_warning(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DURIAN_BROKER_URL", raising=False)
    monkeypatch.setattr("durian.django.checks._all_hooks", lambda: [Hook(name="ping")])
    assert "handed to a `durian up` at 127.0.0.1:8700" in _messages("durian.W001")[0]
    settings.DURIAN = {"BROKER_URL": "amqp://localhost"}
    assert _messages("durian.W001") == []
    settings.DURIAN, settings.DEBUG = {}, True
    assert _messages("durian.W001") == []


def test_a_hook_that_would_send_secrets_is_a_warning() -> None:
    hook = ModelHook(name="everything", model=Person)
    hooks.register(hook)
    try:
        (message,) = _messages("durian.W002")
    finally:
        hooks.unregister(hook)

    assert "sends every field of Person, secret among them" in message
    assert _messages("durian.W002") == []


@pytest.mark.parametrize("options", [{}, {"use_base_manager": True}])
def test_a_project_can_be_dumped(options: dict[str, Any]) -> None:
    """Of what is not in the database only permissions are."""
    Person.objects.create(name="Joe")
    written = io.StringIO()
    call_command("dumpdata", stdout=written, **options)

    models = {one["model"] for one in json.loads(written.getvalue())}
    assert "people.person" in models
    assert not models & {"durian.listener", "durian.attempt", "durian.deadletter"}


@pytest.mark.parametrize(
    ("setting", "ids"),
    [
        ({}, ["durian.W003", "durian.W004"]),
        ({"REGISTRY_URL": "sqlite:////srv/durian.db", "SECRET_KEYS": "k"}, []),
        ({"REGISTRY_URL": "postgresql://db/durian", "SECRET_KEY_FILE": "/etc/durian.key"}, []),
        ({"OUTBOX": "perhaps"}, []),
    ],
)
def test_a_deployment_is_told_what_its_processes_must_share(
    setting: dict[str, str], ids: list[str], settings: Any
) -> None:
    settings.DURIAN = setting

    assert [one.id for one in check_deployment()] == ids
    found = {one.id for one in run_checks(include_deployment_checks=True)}
    assert found >= {*ids}
    assert not {one.id for one in run_checks()} & {"durian.W003", "durian.W004"}
