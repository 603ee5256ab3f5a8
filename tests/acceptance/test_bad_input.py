"""Bad input gives one clear sentence and a non-zero exit, on the real command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import durian, one_sentence
from tests.support.rabbitmq import Node, free_ports
from tests.support.registry import put_registry

ADD = ("listeners", "add")
URL = "http://127.0.0.1:9000/hook"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*ADD, "where.joe/hook", "--event", "person"), "url: must"),
        ((*ADD, "ftp://where.joe/", "--event", "person"), "url: must"),
        ((*ADD, "http://where joe/", "--event", "person"), "url: must"),
        ((*ADD, URL, "--event", "person", "--match", "name=like:("), "name.like: '('"),
        ((*ADD, URL, "--event", "pers*n"), "wildcard inside the word 'pers*n'"),
        ((*ADD, URL, "--event", ""), "event: is empty"),
        ((*ADD, URL, "--event", "person", "--match", "name=sounds:J"), "no matcher 'sounds'"),
        ((*ADD, URL, "--event", "person", "--match", "name"), "is not a condition"),
        (
            (*ADD, URL, "--event", "person", "--filter", '{"name": {"startwith": "J"}}'),
            "no matcher 'startwith'",
        ),
        ((*ADD, URL, "--event", "person", "--filter", "{"), "filter: is not valid JSON"),
        (
            (*ADD, URL, "--event", "person", "--filter", "{}", "--match", "a=1"),
            "cannot be combined",
        ),
        ((*ADD, URL, "--event", "person", "--secret", "hunter2"), "secret: "),
        ((*ADD, URL, "--event", "person", "--id", "Not An Id"), "id: must"),
        ((*ADD, URL, "--event", "person", "--policy", "timeout_s=0"), "policy.timeout_s"),
        ((*ADD, URL, "--event", "person", "--policy", "speed=1"), "policy.speed"),
        ((*ADD, URL, "--event", "person", "--policy", "fast"), "'fast' is not NAME=VALUE"),
        ((*ADD, URL), "--event"),
        (("listeners", "show", "nobody"), "nobody"),
        (("listeners", "remove", "nobody"), "nobody"),
        (("emit", "", "{}"), "type: "),
        (("emit", "person", '{"age": NaN}'), "data: is not valid JSON"),
        (("emit", "person", "{"), "data: is not valid JSON"),
        (("emit", "person", ""), "data: is empty"),
        (("emit", "person", "{}", "--extension", "Ünknown=1"), "ünknown"),
        (("emit", "person", "{}", "--extension", "one"), "'one' is not NAME=VALUE"),
        (("emit", "person"), "JSON"),
        (("hooks", "add", "person", "--schema", "missing.json"), "missing.json cannot be read"),
        (("hooks", "add", "per son"), "name: 'per son' must be"),
        (("listen", "--secret", "hunter2"), "secret: "),
        (("listen", "--host", "192.0.2.1"), "cannot listen there"),
        (("router",), "DURIAN_BROKER_URL: no broker is set"),
        (("deliver",), "DURIAN_BROKER_URL: no broker is set"),
        (("router", "--broker", "localhost:5672"), "--broker: must look like amqp://"),
        (("router", "--prefetch", "0"), "--prefetch: "),
        (("up", "--registry", "mysql://localhost/durian"), "--registry: must look like"),
        (("up", "--allow-network", "127.0.0.1/8"), "--allow-network: "),
        (("topology", "--declare"), "DURIAN_BROKER_URL: no broker is set"),
        (("health",), "DURIAN_HEALTH_FILE: is not set"),
        (("frobnicate",), "No such command 'frobnicate'"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, tuple) else "",
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    put_registry(tmp_path)
    finished = durian(*arguments, home=tmp_path)
    assert words.lower() in one_sentence(finished).lower()
    assert finished.stdout == ""


def test_an_event_of_2_mib_is_refused_with_its_limit(tmp_path: Path) -> None:
    finished = durian("emit", "person", "-", home=tmp_path, stdin=b'"' + b"x" * 2**21 + b'"')
    assert "1048576" in one_sentence(finished).replace(",", "")
    assert finished.returncode == 2


def test_a_setting_is_named_by_its_variable(tmp_path: Path) -> None:
    finished = durian("up", home=tmp_path, settings={"DURIAN_API_PORT": "eighty"})
    assert "DURIAN_API_PORT: " in one_sentence(finished)


def test_an_event_for_nobody_says_who_should_run(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    finished = durian("emit", "person", "{}", "--server", f"http://127.0.0.1:{port}", home=tmp_path)
    assert f"No Durian answers at http://127.0.0.1:{port}: nothing listens there" in one_sentence(
        finished
    )
    assert "durian up" in finished.stderr
    assert finished.returncode == 3


@pytest.mark.parametrize(
    "command", [("emit", "person", "{}"), ("router",), ("topology", "--declare")]
)
def test_a_broker_that_is_not_there_is_unavailable(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    (port,) = free_ports(1)
    url = f"amqp://guest:secret-word@127.0.0.1:{port}/"
    finished = durian(*command, home=tmp_path, settings={"DURIAN_BROKER_URL": url})
    one_sentence(finished)
    assert finished.returncode == 3
    assert "secret-word" not in finished.stderr


@pytest.mark.parametrize(
    "command", [("emit", "person", "{}"), ("router",), ("topology", "--declare")]
)
@pytest.mark.rabbitmq
def test_a_wrong_password_is_refused(
    tmp_path: Path, rabbitmq: Node, amqp_url: str, command: tuple[str, ...]
) -> None:
    vhost = amqp_url.rpartition("/")[2]
    url = rabbitmq.vhost_url(vhost, "guest:wrong")
    finished = durian(*command, home=tmp_path, settings={"DURIAN_BROKER_URL": url})
    one_sentence(finished)
    assert finished.returncode == 1


@pytest.mark.rabbitmq
def test_a_missing_permission_is_named(tmp_path: Path, rabbitmq: Node, amqp_url: str) -> None:
    vhost = amqp_url.rpartition("/")[2]
    rabbitmq.api("PUT", "/users/reader", {"password": "reader", "tags": ""})
    nothing = {"configure": "^$", "write": "^$", "read": ".*"}
    rabbitmq.api("PUT", f"/permissions/{vhost}/reader", nothing)
    url = rabbitmq.vhost_url(vhost, "reader:reader")
    put_registry(tmp_path)
    finished = durian("topology", "--declare", home=tmp_path, settings={"DURIAN_BROKER_URL": url})
    assert "durian.unrouted" in one_sentence(finished)
    assert finished.returncode == 1
    finished = durian("router", home=tmp_path, settings={"DURIAN_BROKER_URL": url})
    assert "durian.unrouted" in finished.stderr
    assert finished.returncode == 1


@pytest.mark.rabbitmq
def test_a_broker_without_the_topology_says_so(tmp_path: Path, amqp_url: str) -> None:
    finished = durian(
        "emit", "person", "{}", home=tmp_path, settings={"DURIAN_BROKER_URL": amqp_url}
    )
    assert "durian.events" in one_sentence(finished)
    assert "durian topology --declare" in finished.stderr


@pytest.mark.parametrize("command", [("listeners", "list"), ("registry", "upgrade")])
def test_a_database_that_is_not_there_is_unavailable(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    (port,) = free_ports(1)
    url = f"postgresql://durian:secret-word@127.0.0.1:{port}/durian"
    finished = durian(*command, home=tmp_path, settings={"DURIAN_REGISTRY_URL": url})
    one_sentence(finished)
    assert finished.returncode == 3
    assert "secret-word" not in finished.stderr


def test_a_registry_file_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    settings = {"DURIAN_REGISTRY_URL": "sqlite:////proc/x/y"}
    one_sentence(durian("registry", "upgrade", home=tmp_path, settings=settings))


@pytest.mark.parametrize(
    "command",
    [
        ("listeners", "list"),
        (*ADD, "http://where.joe/", "--event", "person"),
        ("hooks", "list"),
        ("deliveries", "list"),
        ("registry", "version"),
        ("replay", "list"),
    ],
    ids=" ".join,
)
def test_a_mistyped_path_makes_no_empty_registry(tmp_path: Path, command: tuple[str, ...]) -> None:
    finished = durian(*command, "--registry", "sqlite:///durain.db", home=tmp_path)
    assert f"no registry at {tmp_path}/durain.db" in one_sentence(finished)
    assert "durian registry upgrade" in finished.stderr
    assert finished.returncode == 1
    assert not (tmp_path / "durain.db").exists()


@pytest.mark.parametrize("command", ["router", "deliver", "record"])
def test_a_process_does_not_work_on_a_registry_that_is_missing(
    tmp_path: Path, command: str, amqp_url: str
) -> None:
    """It would route nothing to anybody."""
    finished = durian(command, home=tmp_path, settings={"DURIAN_BROKER_URL": amqp_url})
    assert "no registry at" in one_sentence(finished)
    assert not (tmp_path / "durian.db").exists()


@pytest.mark.postgres
def test_an_empty_database_asks_for_the_upgrade(tmp_path: Path, postgres_url: str) -> None:
    finished = durian(
        "listeners", "list", home=tmp_path, settings={"DURIAN_REGISTRY_URL": postgres_url}
    )
    one_sentence(finished)
    assert "durian registry upgrade" in finished.stderr
    finished = durian(
        "registry", "upgrade", home=tmp_path, settings={"DURIAN_REGISTRY_URL": postgres_url}
    )
    assert finished.returncode == 0
    finished = durian(
        "listeners", "list", home=tmp_path, settings={"DURIAN_REGISTRY_URL": postgres_url}
    )
    assert finished.returncode == 0
