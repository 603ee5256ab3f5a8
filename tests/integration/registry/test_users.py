"""Users and their sessions: whoever is removed, or has a new password, is logged in no more."""

from __future__ import annotations

from typing import Any

import pytest

from durian.errors import Conflict, InvalidUser, NotAllowed, NotFound
from durian.registry.principal import Principal
from durian.registry.store import Store
from durian.registry.token import Token, new_token_text
from durian.registry.user import Session, User, new_session_text
from tests.support.registry import NOW


@pytest.fixture(autouse=True)
def clock(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The store's time, as the only element of a list."""
    times = [NOW]
    monkeypatch.setattr(store, "_now", lambda: times[0])
    return times


def user(name: str = "ann", **fields: Any) -> User:
    given: dict[str, Any] = {"scopes": frozenset({"admin"}), "created_at": NOW, "password_at": NOW}
    return User(name=name, **given | fields)


def session(**fields: Any) -> Session:
    return Session(**{"created_at": NOW, "expires_at": NOW + 60} | fields)


def test_a_user_is_found_with_the_hash_of_their_password(store: Store) -> None:
    ann = user(owner="acme", scopes=frozenset({"manage", "replay"}))
    store.add_user(ann, "$argon2id$1")

    assert store.find_user("ann") == (ann, "$argon2id$1")
    assert store.find_user("bob") == (None, "")
    assert store.list_users() == [ann]
    with pytest.raises(Conflict, match="ann"):
        store.add_user(user(), "$argon2id$2")


def test_users_are_listed_in_pages(store: Store) -> None:
    for name in ("b", "a", "c"):
        store.add_user(user(name), "x")

    assert [one.name for one in store.list_users(limit=2)] == ["a", "b"]
    assert [one.name for one in store.list_users(after="b")] == ["c"]


@pytest.mark.parametrize("name", ["", " ann", "an n", "a" * 101, "-ann", "<b>", "ann\n"])
def test_a_name_is_of_plain_characters(name: str) -> None:
    with pytest.raises(InvalidUser, match="name"):
        user(name)


def test_a_session_ends_with_its_time(store: Store, clock: list[float]) -> None:
    store.add_user(user(), "x")
    text = new_session_text()
    store.begin_session(text, session(user=user()))

    assert store.find_session(text) == session(user=user())
    assert store.find_session(new_session_text()) is None
    clock[0] = NOW + 60
    assert store.find_session(text) is None


def test_what_names_a_session_is_not_kept(store: Store) -> None:
    text = new_session_text()
    store.begin_session(text, session(local="abc"))

    with store._database.reading() as connection:
        row = connection.exec_driver_sql("SELECT * FROM durian_sessions").one()
    assert text not in str(row)


def test_sessions_that_are_over_are_forgotten(store: Store) -> None:
    store.begin_session("old", session(local="abc"))
    store.begin_session("new", session(local="abc", created_at=NOW + 60, expires_at=NOW + 120))

    with store._database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM durian_sessions").all()
    assert len(rows) == 1


def test_logging_out_ends_a_session(store: Store) -> None:
    for text in ("one", "two"):
        store.begin_session(text, session(local="abc"))
    store.end_session("one")
    store.end_session("one")

    assert store.find_session("one") is None
    assert store.find_session("two") is not None


def test_a_user_that_is_removed_is_logged_in_no_more(store: Store) -> None:
    for name in ("ann", "bob"):
        store.add_user(user(name), "x")
        store.begin_session(name, session(user=user(name)))
    store.remove_user("ann")

    assert store.find_session("ann") is None
    assert store.find_session("bob") is not None
    with pytest.raises(NotFound, match="ann"):
        store.remove_user("ann")


def test_a_new_password_ends_all_sessions(store: Store, clock: list[float]) -> None:
    store.add_user(user(), "old")
    store.begin_session("one", session(user=user()))
    clock[0] = NOW + 1
    store.set_password("ann", "new")

    assert store.find_session("one") is None
    assert store.find_user("ann") == (user(password_at=NOW + 1), "new")
    with pytest.raises(NotFound, match="bob"):
        store.set_password("bob", "new")


def test_a_token_that_is_revoked_or_over_is_logged_in_no_more(
    store: Store, clock: list[float]
) -> None:
    tokens = {
        name: Token(
            id=name * 8,
            name=name,
            scopes=frozenset({"read"}),
            created_at=NOW,
            expires_at=NOW + 30,
        )
        for name in ("a", "b")
    }
    for name, token in tokens.items():
        store.add_token(token, new_token_text(token.id))
        store.begin_session(name, session(token=token))

    assert store.find_session("a") == session(token=tokens["a"])
    store.revoke_token("a" * 8)
    assert store.find_session("a") is None
    clock[0] = NOW + 30
    assert store.find_session("b") is None


def test_what_is_done_to_users_is_in_the_audit_log_without_their_passwords(store: Store) -> None:
    store.add_user(user(), "$argon2id$1")
    store.set_password("ann", "$argon2id$2")
    store.remove_user("ann")

    entries = store.list_audit(target="user ann").entries
    assert [one.action for one in entries] == ["user.remove", "user.password", "user.create"]
    assert "argon2" not in str(entries)


def test_an_owner_has_nothing_to_do_with_users(store: Store) -> None:
    acme = store.on_behalf(Principal(name="token a", owner="acme"))
    for act in (
        acme.list_users,
        lambda: acme.add_user(user(), "x"),
        lambda: acme.set_password("ann", "x"),
        lambda: acme.remove_user("ann"),
    ):
        with pytest.raises(NotAllowed):
            act()
