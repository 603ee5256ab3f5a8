"""What is typed about listeners, events and hooks becomes values, or an error that names it."""

from __future__ import annotations

import io
import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from durian.console import emitting, hooks, listeners
from durian.console.listener_desk import open_listener_desk
from durian.console.settings import Settings, load, variable
from durian.errors import (
    InvalidEvent,
    InvalidFilter,
    InvalidHook,
    InvalidListener,
    NotFound,
    RegistryError,
)
from durian.events import CAPS
from durian.registry import HookSpec, ListenerSecret, OpenBreaker, Policy
from durian.registry.store import Store
from durian.registry.vault import Vault
from durian.signature import new_key_pair, new_secret
from tests.support.certificates import authority

URL = "http://where.joe/is/listening"

#: What `durian listeners add` hands on.
NEW = {"id": "joe", "url": URL, "event": "person", "filter": "{}", "policy": {}}

#: A filter that only a newer version understands.
NEWER = '{"name": {"like": "("}}'


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a registry in a folder, without a broker."""
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
    monkeypatch.chdir(tmp_path)
    return load(registry_url=f"sqlite:///{tmp_path / 'd.db'}", secret_key_file=tmp_path / "key")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    assert settings.secret_key_file is not None
    vault = Vault.from_file(settings.secret_key_file)
    with Store.open(settings.registry_url, vault) as opened:
        yield opened


def test_what_an_owner_gets_is_narrowed_and_shown(settings: Settings, store: Store) -> None:
    there = settings.model_copy(update={"owner_attribute": "tenant"})
    with open_listener_desk(there) as desk:
        made = desk.add({**NEW, "owner": "acme"}, None, None)
        changed = desk.update("joe", {"filter": '{"n":1}'}, None)

    assert made["filter"] == {"@tenant": "acme"}
    assert changed["filter"] == {"n": 1, "@tenant": "acme"}
    assert json.loads(store.get_listener("joe").filter) == changed["filter"]


def test_conditions_join_into_one_filter() -> None:
    text = listeners.filter_of(None, ["name=startswith:J", "age>=18"])
    assert json.loads(text) == {"name": {"startswith": "J"}, "age": {"gte": 18}}


def test_a_filter_in_json_is_read_and_written_canonically() -> None:
    assert listeners.filter_of('{ "name": "Joe" }', []) == listeners.filter_of(None, ["name=Joe"])
    assert listeners.filter_of(None, []) == "{}"


def test_both_forms_at_once_are_refused() -> None:
    with pytest.raises(InvalidListener, match="cannot be combined"):
        listeners.filter_of("{}", ["name=Joe"])


def test_a_filter_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(InvalidFilter):
        listeners.filter_of(None, ["name"])


def test_choices_of_the_policy_are_json_or_plain_words() -> None:
    choices = ["timeout_s=5", "schedule_s=[0,1]", "payload=cloudevent"]
    policy = Policy.model_validate(listeners.policy_of(choices))
    assert (policy.timeout_s, policy.schedule_s, policy.payload) == (5, (0, 1), "cloudevent")


def test_order_and_rate_have_options_of_their_own() -> None:
    assert listeners.policy_of(["jitter=0"], ordered=True, rate_per_s=2.5) == {
        "ordered": True,
        "rate_per_s": 2.5,
        "jitter": 0,
    }
    assert listeners.policy_of([]) == {}


def test_a_choice_without_a_value_is_refused() -> None:
    with pytest.raises(InvalidListener, match="'fast' is not NAME=VALUE"):
        listeners.policy_of(["fast"])


def test_a_secret_is_made_or_taken() -> None:
    given = new_secret()
    assert listeners.new_secret(given).value == given
    assert listeners.new_secret(new_key_pair()[0]).kind == "ed25519"
    assert listeners.new_secret(None).value.startswith("whsec_")


def test_a_pattern_with_a_wildcard_inside_a_word_is_refused() -> None:
    with pytest.raises(InvalidListener, match="wildcard"):
        listeners.new_listener(url=URL, event="pers*n")


def test_without_a_broker_the_desk_writes_the_registry(settings: Settings, store: Store) -> None:
    with open_listener_desk(settings) as desk:
        added = desk.add(NEW, None, None)
        assert added["id"] == "joe"
        assert store.get_listener("joe").url == URL
        inner = {"url": "http://10.0.0.1/"}
        assert "10.0.0.1 is not public" in desk.update("joe", inner, None)["warnings"][0]
        assert store.get_listener("joe").url == "http://10.0.0.1/"
        desk.set_enabled("joe", enabled=False)
        assert not store.get_listener("joe").enabled
        desk.set_paused("joe", paused=True)
        assert store.get_listener("joe").paused
        new = desk.rotate("joe", None, 60)
        assert [one.value for one in store.secrets_of("joe", time.time())] == [new, added["secret"]]
        desk.remove("joe")
        with pytest.raises(NotFound):
            store.get_listener("joe")


@pytest.mark.usefixtures("store")
def test_a_listener_that_cannot_be_read_keeps_no_other_from_being_listed(
    settings: Settings, tmp_path: Path
) -> None:
    with open_listener_desk(settings) as desk:
        for name in ("ann", "bo", "joe"):
            desk.add(NEW | {"id": name}, None, None)
        with closing(sqlite3.connect(tmp_path / "d.db")) as database, database:
            database.execute("UPDATE durian_listeners SET policy = '{' WHERE id = 'bo'")
            database.execute("UPDATE durian_listeners SET filter = ? WHERE id = 'joe'", (NEWER,))
        ann, bo, joe = desk.list(None, None)
        assert (bo["policy"], listeners.row(bo)[-1].partition(":")[0]) == (None, "unreadable")
        assert (listeners.row(ann)[-1], listeners.row(joe)[2]) == ("enabled", NEWER)
        with pytest.raises(RegistryError, match="policy of listener bo cannot be read"):
            desk.show("bo")


def test_tls_is_read_from_files_changed_and_cleared(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    mine = authority().issue("durian")
    files = {"ca": authority().pem, "cert": mine.cert_pem, "cert.key": mine.key_pem}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    policy = {"jitter": 0} | dict(listeners.tls_of(tmp_path / "ca", None))
    with open_listener_desk(settings) as desk:
        desk.add(NEW | {"url": "https://joe.example/", "policy": policy}, None, None)
        certificate = listeners.tls_of(None, tmp_path / "cert")
        desk.update("joe", {"policy": certificate}, listeners.key_of(tmp_path / "cert.key"))
    assert store.get_listener("joe").policy == Policy(
        jitter=0, ca_pem=files["ca"], cert_pem=files["cert"]
    )
    assert store.client_key_of("joe") == mine.key_pem
    shown = dict(listeners.pairs(listeners.described(store.get_listener("joe"))))
    assert "PRIVATE KEY" not in str(shown)

    with open_listener_desk(settings) as desk:
        desk.update("joe", {"policy": listeners.tls_of(None, None, clear=True)}, None)
    assert store.get_listener("joe").policy == Policy(jitter=0)
    assert store.client_key_of("joe") is None


def test_files_of_tls_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    (tmp_path / "long").write_text("x" * 40_000)
    with pytest.raises(InvalidListener, match=r"--ca-file: .*nowhere cannot be read: No such file"):
        listeners.tls_of(tmp_path / "nowhere", None)
    with pytest.raises(InvalidListener, match=r"--cert-file: .*long has more than 32768 bytes"):
        listeners.tls_of(None, tmp_path / "long")
    with pytest.raises(InvalidListener, match=r"--key-file: .*long has more than 16384 bytes"):
        listeners.key_of(tmp_path / "long")
    with pytest.raises(InvalidListener, match="or --clear"):
        listeners.refuse_nothing({}, None)


def test_all_listeners_are_read_page_by_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "_PAGE", 2)
    names = [f"joe-{number}" for number in range(5)]
    for name in names:
        listener = listeners.new_listener(id=name, url=URL, event="person")
        store.add_listener(listener, ListenerSecret.new(now=0))
    assert [one.id for one in listeners.pages(store, None)] == names
    assert list(listeners.pages(store, "order")) == []


def test_a_listener_is_described_with_its_filter_unfolded() -> None:
    listener = listeners.new_listener(
        id="joe", url=URL, event="person", filter=listeners.filter_of(None, ["name=Joe"])
    )
    described = listeners.described(listener)
    assert described["filter"] == {"name": "Joe"}
    shown = dict(listeners.pairs(described))
    assert shown["policy.payload"] == '"data"'
    assert (shown["enabled"], shown["state"]) == ("true", "enabled")
    assert shown["url"] == URL


def test_a_listener_that_fails_is_shown_as_such(store: Store) -> None:
    listener = listeners.new_listener(id="joe", url=URL, event="person")
    store.add_listener(listener, ListenerSecret.new(now=0))
    assert listeners.open_breakers(store) == {}
    assert listeners.described(listener)["breaker"] is None
    assert listeners.row(listeners.described(listener))[-1] == "enabled"

    opened = OpenBreaker(
        listener_id="joe", failing_since=0, failures=10, opened_at=60, next_probe_at=70, probes=2
    )
    store.open_breaker(opened)
    breaker = listeners.open_breakers(store)["joe"]
    shown = dict(listeners.pairs(listeners.described(listener, breaker)))
    assert shown["breaker.failing_since"] == '"1970-01-01 00:00:00Z"'
    assert shown["breaker.next_probe_at"] == '"1970-01-01 00:01:10Z"'
    assert (shown["breaker.failures"], shown["breaker.probes"]) == ("10", "2")
    assert (
        listeners.row(listeners.described(listener, breaker))[-1]
        == "failing since 1970-01-01 00:00:00Z"
    )
    off = listener.replace(enabled=False)
    assert listeners.row(listeners.described(off, breaker))[-1] == "disabled"


def test_hooks_are_made_listed_and_described(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text('{"type": "object"}')
    store.put_hook(
        hooks.new_hook(
            "person", schema=schema, example='{"name": "Joe"}', description="A person changed."
        )
    )
    store.put_hook(hooks.new_hook("order"))
    monkeypatch.setattr(hooks, "_PAGE", 1)
    found = list(hooks.pages(store))
    assert [one.name for one in found] == ["order", "person"]
    assert hooks.described(found[1]) == {
        "name": "person",
        "description": "A person changed.",
        "schema": {"type": "object"},
        "example": {"name": "Joe"},
    }
    assert isinstance(found[0], HookSpec)


def test_a_hook_that_is_no_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidHook, match="example: is not JSON"):
        hooks.new_hook("person", example="{")
    with pytest.raises(InvalidHook, match="cannot be read"):
        hooks.new_hook("person", schema=tmp_path)


def test_an_event_is_made_of_what_was_typed() -> None:
    event = emitting.new_event(
        "person",
        b'{"name": "Joe"}',
        source=None,
        subject="1",
        event_id="e1",
        extensions=["tenant=a=b"],
    )
    assert (event.type, event.id, event.subject) == ("person", "e1", "1")
    assert event.source == emitting.SOURCE
    assert event.extensions == {"tenant": "a=b"}
    assert event.body == b'{"name": "Joe"}'


@pytest.mark.parametrize(
    ("body", "extensions", "field"),
    [(b"", [], "data"), (b"{}", ["one"], "--extension"), (b"{}", ["A B=1"], "A B")],
)
def test_an_event_that_cannot_be_made_names_why(
    body: bytes, extensions: list[str], field: str
) -> None:
    with pytest.raises(InvalidEvent) as caught:
        emitting.new_event(
            "person", body, source=None, subject=None, event_id=None, extensions=extensions
        )
    assert caught.value.field == field


def test_stdin_is_read_no_further_than_an_event_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = io.TextIOWrapper(io.BytesIO(b"x" * (CAPS.data_bytes + 100)))
    monkeypatch.setattr(sys, "stdin", endless)
    assert len(emitting.read_body("-")) == CAPS.data_bytes + 1
    assert emitting.read_body("{}") == b"{}"
