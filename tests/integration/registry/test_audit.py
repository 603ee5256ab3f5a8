"""The audit log: every change leaves an entry that says who, what, before and after."""

from __future__ import annotations

import pytest

from durian.errors import Changed, NotFound, RegistryError
from durian.registry import HookSpec
from durian.registry.principal import Principal
from durian.registry.store import Store
from durian.registry.token import Token, new_token_text
from tests.support.registry import NOW, listener, secret

ANN = Principal(name="user ann")


@pytest.fixture
def ann(store: Store) -> Store:
    return store.on_behalf(ANN)


def test_changes_of_a_listener_are_told(ann: Store) -> None:
    ann.add_listener(listener("joe", owner="acme"), secret())
    ann.update_listener(listener("joe", owner="acme", url="https://joe.example/2"))
    ann.set_enabled("joe", False)
    ann.set_paused("joe", paused=True)
    ann.rotate_secret("joe", secret(), 60, NOW)
    ann.remove_listener("joe")

    entries = ann.list_audit(target="listener joe").entries
    assert [one.action for one in entries] == [
        "listener.remove",
        "listener.rotate_secret",
        "listener.pause",
        "listener.disable",
        "listener.update",
        "listener.create",
    ]
    assert {(one.actor, one.owner) for one in entries} == {("user ann", "acme")}
    assert entries[4].before == {"url": "https://joe.example/hook"}
    assert entries[4].after == {"url": "https://joe.example/2"}
    assert entries[5].before is None
    assert entries[0].after is None


def test_no_secret_is_told(ann: Store) -> None:
    key = secret()
    policy = {"headers": {"X-Api-Key": "hunter2"}}
    ann.add_listener(listener("joe", policy=policy), key)
    ann.update_listener(listener("joe", policy={"headers": {"X-Api-Key": "hunter3"}}))
    ann.rotate_secret("joe", key, 60, NOW)
    text = new_token_text("k3f9qaxy")
    token = Token(id="k3f9qaxy", name="ci", scopes=frozenset({"read"}), created_at=NOW)
    ann.add_token(token, text)

    told = str(ann.list_audit().entries)
    assert "X-Api-Key" in told
    assert "k3f9qaxy" in told
    for hidden in ("hunter", key.value, text):
        assert hidden not in told


def test_changes_of_hooks_and_tokens_are_told(ann: Store) -> None:
    ann.put_hook(HookSpec(name="person"))
    ann.put_hook(HookSpec(name="person", description="somebody"))
    ann.remove_hook("person")
    token = Token(id="k3f9qaxy", name="ci", scopes=frozenset({"read"}), created_at=NOW)
    ann.add_token(token, new_token_text("k3f9qaxy"))
    ann.revoke_token("k3f9qaxy")
    ann.note("dead_letters.purge", "listener joe", after={"purged": 3})

    entries = ann.list_audit().entries[::-1]
    assert [(one.action, one.target) for one in entries] == [
        ("hook.create", "hook person"),
        ("hook.update", "hook person"),
        ("hook.remove", "hook person"),
        ("token.create", "token k3f9qaxy"),
        ("token.revoke", "token k3f9qaxy"),
        ("dead_letters.purge", "listener joe"),
    ]
    assert entries[1].after == {"description": "somebody"}
    assert entries[5].after == {"purged": 3}


def test_what_does_not_happen_is_not_told(ann: Store) -> None:
    ann.add_listener(listener("joe"), secret())
    with pytest.raises(NotFound):
        ann.remove_listener("zoe")
    with pytest.raises(Changed):
        ann.update_listener(listener("joe", url="https://joe.example/2"), if_version=7)

    assert [one.action for one in ann.list_audit().entries] == ["listener.create"]


def test_durian_itself_is_named(store: Store) -> None:
    store.add_listener(listener("joe"), secret())
    store.disable_listener("joe")

    newest = store.list_audit().entries[0]
    assert (newest.actor, newest.action) == ("durian", "listener.disable")


@pytest.mark.parametrize(
    "change", ["UPDATE durian_audit SET actor = 'x'", "DELETE FROM durian_audit"]
)
def test_nothing_is_changed_or_taken_out(store: Store, change: str) -> None:
    store.note("a", "b")
    with (
        pytest.raises(RegistryError, match="only ever added to"),
        store._database.locked() as connection,
    ):
        connection.exec_driver_sql(change)

    assert [one.actor for one in store.list_audit().entries] == ["durian"]


def test_entries_come_in_pages(ann: Store) -> None:
    for number in range(5):
        ann.note(f"act{number}", "thing")

    page = ann.list_audit(limit=2)
    assert [one.action for one in page.entries] == ["act4", "act3"]
    rest = ann.list_audit(after=page.next, limit=9)
    assert [one.action for one in rest.entries] == ["act2", "act1", "act0"]
    assert rest.next is None


def test_an_owner_sees_what_was_done_to_what_is_theirs(store: Store) -> None:
    store.add_listener(listener("joe", owner="acme"), secret())
    store.add_listener(listener("zoe", owner="bolt"), secret())
    acme = store.on_behalf(Principal(name="token a", owner="acme"))
    acme.note("dead_letters.purge", "listener joe")

    assert [one.target for one in acme.list_audit().entries] == ["listener joe", "listener joe"]
