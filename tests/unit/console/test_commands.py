"""The commands that need no broker, run in this process: what they print, and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from durian.console import entry, exits
from tests.support.certificates import authority
from tests.support.commands import CommandLine

URL = "http://where.joe/is/listening"
SECURE = "https://where.joe/is/listening"


def test_a_listener_from_its_first_day_to_its_last(run: CommandLine) -> None:
    (added,) = run.json("listeners", "add", URL, "--event", "person", "--match", "name=Joe")
    listener_id, secret = added["id"], added["secret"]
    assert listener_id.startswith("where-joe-is-listening-")
    assert secret.startswith("whsec_")

    (listed,) = run.json("listeners", "list")
    assert (listed["id"], listed["filter"]) == (listener_id, {"name": "Joe"})
    assert run.json("listeners", "list", "--event", "order") == []
    assert "name=Joe" in run("listeners", "list")

    run("listeners", "disable", listener_id)
    assert run.json("listeners", "show", listener_id)[0]["enabled"] is False
    run("listeners", "enable", listener_id)
    shown = run("listeners", "show", listener_id)
    assert "policy.timeout_s" in shown
    assert secret not in shown

    assert f"removed {listener_id}" in run("listeners", "remove", listener_id)
    assert listener_id in run("listeners", "show", listener_id, code=exits.FAILED)


def test_a_new_listener_is_told_with_its_secret_once(run: CommandLine) -> None:
    printed = run("listeners", "add", URL, "--event", "#", "--id", "joe").split()
    assert printed[:3] == ["id", "joe", "secret"]
    assert (
        "`durian up` on this registry knows it within a second, a `durian router` within 30 s"
        in " ".join(printed)
    )
    assert printed[3] not in run("listeners", "list") + run("listeners", "show", "joe")


def test_a_listener_is_told_as_it_was_understood(run: CommandLine) -> None:
    add = ("listeners", "add", URL, "--event", "order.*", "--id", "joe")
    told = run(*add, "--match", "name = J", "--match", "age >= 18").splitlines()
    assert told[2] == "wants   order.* where name=J and age>=18"
    told = run("listeners", "update", "joe", "--match", "vip=true").splitlines()
    assert told == ["id      joe", "wants   order.* where vip=true"]
    told = run("listeners", "update", "joe", "--event", "#", "--filter", "{}").splitlines()
    assert told[1:] == ["wants   #"]


def test_a_listener_that_will_be_blocked_is_warned_of_at_once(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add = ["listeners", "add", "http://127.0.0.1:9000/hook", "--event", "#"]
    assert entry.run(add) == exits.OK
    told = capsys.readouterr()
    assert told.err == (
        "warning: 127.0.0.1 is not public: deliveries to it are blocked, unless the process that "
        "makes them has --allow-network 127.0.0.1/32 (DURIAN_ALLOWED_NETWORKS).\n"
    )
    assert "secret" in told.out
    monkeypatch.setenv("DURIAN_ALLOWED_NETWORKS", "127.0.0.0/8")
    assert entry.run(add) == exits.OK
    assert capsys.readouterr().err == ""
    assert [one.keys() for one in run.json(*add)] == [{"id", "secret"}]


def test_a_client_certificate_is_given_and_its_key_never_shown(
    run: CommandLine, tmp_path: Path
) -> None:
    mine, other = authority().issue("durian"), authority().issue("durian")
    texts = {"ca": authority().pem, "cert": mine.cert_pem, "key": mine.key_pem}
    for name, text in (texts | {"other": other.key_pem}).items():
        (tmp_path / f"{name}.pem").write_text(text)
    pair = ("--cert-file", "cert.pem", "--key-file", "key.pem")
    told = run("listeners", "add", SECURE, "--event", "#", "--id", "joe", *pair)
    told += run("listeners", "tls", "joe", "--ca-file", "ca.pem")
    (shown,) = run.json("listeners", "show", "joe")
    assert shown["policy"]["ca_pem"] == texts["ca"]
    assert shown["policy"]["cert_pem"] == texts["cert"]
    told += run("listeners", "tls", "joe", "--key-file", "other.pem", code=exits.USAGE)
    told += run("listeners", "show", "joe")
    keys = {mine.key_pem.splitlines()[1], other.key_pem.splitlines()[1]}
    assert not [key for key in keys if key in told + str(shown)]

    run("listeners", "tls", "joe", "--clear", "--ca-file", "ca.pem")
    (shown,) = run.json("listeners", "show", "joe")
    assert shown["policy"]["ca_pem"] == texts["ca"]
    assert shown["policy"]["cert_pem"] is None
    assert "or --clear" in run("listeners", "tls", "joe", code=exits.USAGE)


def test_what_is_named_of_a_listener_is_changed_and_the_rest_stays(run: CommandLine) -> None:
    add = ("listeners", "add", URL, "--event", "person", "--id", "joe", "--match", "name=Joe")
    run(*add, "--batch", "50", "--policy", "batch_wait_s=5", "--rate", "2")
    before = run.json("listeners", "show", "joe")[0]
    policy = before["policy"]
    assert (policy["batch_events"], policy["batch_wait_s"]) == (50, 5)
    assert policy["payload"] == "cloudevent"

    assert run.json("listeners", "update", "joe", "--batch", "1", "--description", "Joe") == [
        {"id": "joe"}
    ]
    after = run.json("listeners", "show", "joe")[0]
    assert after == before | {
        "description": "Joe",
        "policy": policy | {"batch_events": 1},
    }

    run("listeners", "update", "joe", "--policy", "rate_per_s=null", "--match", "age>=18")
    after = run.json("listeners", "show", "joe")[0]
    assert (after["policy"]["rate_per_s"], after["filter"]) == (None, {"age": {"gte": 18}})


def test_a_change_that_cannot_be_made_names_the_field(run: CommandLine) -> None:
    run("listeners", "add", URL, "--event", "person", "--id", "joe")
    update = ("listeners", "update", "joe")
    for options, words in (
        ((), "--url: is needed"),
        (("--policy", "batch_events=2"), "policy.batch_events: needs payload=cloudevent above 1"),
        (("--policy", "retries=null"), "policy.retries: is not a known field"),
        (("--policy", "ordered=true"), "policy.ordered: is false and cannot be changed"),
        (("--event", "a*b"), "event"),
        (("--url", "nowhere"), "url"),
    ):
        assert words in run(*update, *options, code=exits.USAGE)
    assert "No listener bo" in run("listeners", "update", "bo", "--rate", "1", code=exits.FAILED)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--filter", "name=J"), "or as --match name=startswith:J"),
        (("--match", '{"name": "J"}'), "Conditions as JSON are given by --filter"),
        (("--policy", "schedule_s=0,1"), "Write seconds as a JSON array: [0,5,60]."),
        (("--policy", "timeout=5"), "did you mean timeout_s?"),
        (("--url", "localhost:9000/hook"), "must begin with https:// or http://"),
    ],
)
def test_what_is_written_wrong_is_refused_with_how_to_write_it(
    run: CommandLine, options: tuple[str, ...], words: str
) -> None:
    run("listeners", "add", URL, "--event", "person", "--id", "joe")
    assert words in run("listeners", "update", "joe", *options, code=exits.USAGE)


def test_data_that_is_no_json_is_refused_with_an_example(run: CommandLine) -> None:
    assert """'{"name": "Joe"}'""" in run("emit", "person", "name=Joe", code=exits.USAGE)


def test_an_id_that_is_taken_is_a_conflict(run: CommandLine) -> None:
    run("listeners", "add", URL, "--event", "person", "--id", "joe")
    told = run("listeners", "add", URL, "--event", "order", "--id", "joe", code=exits.FAILED)
    assert "joe" in told


def test_a_hook_from_its_first_day_to_its_last(run: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "person.json").write_text('{"type": "object"}')
    run("hooks", "add", "person", "--schema", "person.json", "--description", "A person changed.")
    assert "A person changed." in run("hooks", "list")
    (listed,) = run.json("hooks", "list")
    assert listed["schema"] == {"type": "object"}
    assert json.loads(run("hooks", "show", "person")) == listed
    run("hooks", "remove", "person")
    assert run.json("hooks", "list") == []


def test_the_registry_tells_its_version(run: CommandLine) -> None:
    run("registry", "upgrade")
    assert run.json("registry", "version") == [{"version": 0, "listeners": 0}]
    run("listeners", "add", URL, "--event", "person")
    assert run("registry", "version").split() == ["version", "1", "listeners", "1"]


def test_settings_are_shown_without_their_secrets(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DURIAN_BROKER_URL", "amqp://user:pa55@host/")
    monkeypatch.setenv("DURIAN_PROXY_URL", "http://user:pa55@proxy:3128")
    monkeypatch.setenv("DURIAN_SECRET_KEYS", "k3y")
    monkeypatch.setenv("DURIAN_ALLOWED_NETWORKS", "10.0.0.0/8,::1/128")
    printed = run("settings")
    (shown,) = run.json("settings")
    assert shown["DURIAN_BROKER_URL"] == "amqp://user:***@host/"
    assert shown["DURIAN_PROXY_URL"] == "http://user:***@proxy:3128"
    assert shown["DURIAN_ALLOWED_NETWORKS"] == "10.0.0.0/8,::1/128"
    assert "pa55" not in printed + str(shown)
    assert "k3y" not in printed + str(shown)


def test_a_secret_is_made(run: CommandLine) -> None:
    assert run("secrets", "new").startswith("whsec_")
    assert run("secrets", "new") != run("secrets", "new")


def test_a_heartbeat_is_looked_at(run: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "beat").touch()
    assert "healthy" in run("health", "--health-file", "beat")
    assert "no heartbeat file" in run("health", "--health-file", "other", code=exits.FAILED)


def test_the_topology_is_a_table(run: CommandLine) -> None:
    assert "x-delivery-limit=1000" in run("topology")


def test_the_doctor_ends_well_without_a_broker(run: CommandLine) -> None:
    assert "warn broker: none is set" in run("doctor")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "DURIAN_OUTBOX_URL: is not set"),
        (("--outbox", "sqlite://"), "DURIAN_BROKER_URL: is not set"),
        (("--outbox", "nonsense", "--broker", "amqp://x"), "DURIAN_OUTBOX_URL: cannot be read"),
        (("--outbox", "mysql+pymysql://x:pw@h/d", "--broker", "amqp://x"), "driver pymysql"),
        (("--outbox", "nosuch://x:pw@h/d", "--broker", "amqp://x"), "cannot be read"),
        (("--table", "x; drop", "--outbox", "sqlite://", "--broker", "amqp://x"), "--table"),
    ],
)
def test_a_relay_that_cannot_be_started_says_why(
    run: CommandLine, options: tuple[str, ...], words: str
) -> None:
    told = run("relay", *options, code=exits.USAGE)
    assert words in told
    assert "pw" not in told


def test_an_api_without_a_broker_is_not_opened(run: CommandLine) -> None:
    assert "DURIAN_BROKER_URL: no broker is set" in run("web", code=exits.USAGE)


def test_a_token_that_no_header_can_carry_is_refused(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DURIAN_TOKEN", "sécret")
    told = run("emit", "person", "{}", code=exits.USAGE)
    assert "DURIAN_TOKEN: must be printable ASCII" in told
    assert "cret" not in told.replace("DURIAN_TOKEN", "")
