"""API tokens: found by their text, worth nothing once they have expired or are revoked."""

from __future__ import annotations

from typing import Any

import pytest

from durian.errors import Conflict, NotAllowed, NotFound
from durian.registry.principal import Principal
from durian.registry.store import Store
from durian.registry.token import Token, new_token_text
from tests.support.registry import NOW

TEXT = new_token_text("k3f9qaxy")


@pytest.fixture(autouse=True)
def clock(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The store's time, as the only element of a list."""
    times = [NOW]
    monkeypatch.setattr(store, "_now", lambda: times[0])
    return times


def token(**fields: Any) -> Token:
    given: dict[str, Any] = {
        "id": "k3f9qaxy",
        "name": "ci",
        "scopes": frozenset({"read"}),
        "created_at": NOW,
        "expires_at": NOW + 60,
    }
    return Token(**given | fields)


def test_a_token_is_found_by_its_text(store: Store) -> None:
    store.add_token(token(owner="acme", rate_per_s=5), TEXT)

    assert store.find_token(TEXT) == token(owner="acme", rate_per_s=5)
    assert store.find_token(new_token_text("k3f9qaxy")) is None
    assert store.find_token(new_token_text("zzzzzzzz")) is None
    assert store.find_token("k3f9qaxy") is None


def test_its_text_is_not_kept(store: Store) -> None:
    store.add_token(token(), TEXT)

    with store._database.reading() as connection:
        row = connection.exec_driver_sql("SELECT * FROM durian_tokens").one()
    assert TEXT not in str(row)
    assert TEXT.rpartition("_")[2] not in str(row)


def test_it_ends_with_its_time(store: Store, clock: list[float]) -> None:
    store.add_token(token(), TEXT)
    store.add_token(token(id="neverend", expires_at=None), new_token_text("neverend"))

    clock[0] = NOW + 60
    assert store.find_token(TEXT) is None
    assert [one.id for one in store.list_tokens()] == ["k3f9qaxy", "neverend"]


def test_it_ends_when_it_is_revoked(store: Store) -> None:
    store.add_token(token(), TEXT)
    store.revoke_token("k3f9qaxy")

    assert store.find_token(TEXT) is None
    for act in (store.revoke_token, store.get_token):
        with pytest.raises(NotFound, match="k3f9qaxy"):
            act("k3f9qaxy")


def test_an_id_is_taken_once(store: Store) -> None:
    store.add_token(token(), TEXT)
    with pytest.raises(Conflict, match="k3f9qaxy"):
        store.add_token(token(), new_token_text("k3f9qaxy"))


def test_its_use_is_noted_once_a_minute(store: Store, clock: list[float]) -> None:
    store.add_token(token(), TEXT)
    for later, noted in ((0, 0), (59, 0), (60, 60)):
        clock[0] = NOW + later
        store.use_token("k3f9qaxy")
        assert store.get_token("k3f9qaxy").last_used_at == NOW + noted


def test_tokens_are_listed_in_pages(store: Store) -> None:
    for name in ("b", "a", "c"):
        store.add_token(token(id=name * 8), new_token_text(name * 8))

    assert [one.id for one in store.list_tokens(limit=2)] == ["aaaaaaaa", "bbbbbbbb"]
    assert [one.id for one in store.list_tokens(after="bbbbbbbb")] == ["cccccccc"]


def test_an_owner_has_nothing_to_do_with_tokens(store: Store) -> None:
    store.add_token(token(), TEXT)
    acme = store.on_behalf(Principal(name="token a", owner="acme"))

    with pytest.raises(NotAllowed):
        acme.list_tokens()
    with pytest.raises(NotAllowed):
        acme.get_token("k3f9qaxy")
    with pytest.raises(NotAllowed):
        acme.revoke_token("k3f9qaxy")
    with pytest.raises(NotAllowed):
        acme.add_token(token(id="zzzzzzzz"), new_token_text("zzzzzzzz"))
