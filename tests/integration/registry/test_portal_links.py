"""Portal links: they say by themselves whose listeners may be seen, and until when."""

from __future__ import annotations

import pytest

from durian.errors import InvalidToken, NotAllowed
from durian.registry.portal_link import CONTEXT, PortalLink, to_url
from durian.registry.principal import Principal
from durian.registry.store import Store
from durian.registry.vault import Vault
from tests.support.registry import NOW


@pytest.fixture(autouse=True)
def clock(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The store's time, as the only element of a list."""
    times = [NOW]
    monkeypatch.setattr(store, "_now", lambda: times[0])
    return times


def test_a_link_opens_until_it_expires(store: Store, clock: list[float]) -> None:
    link = PortalLink(owner="acme / Söhne", expires_at=NOW + 60)
    text = store.seal_link(link)

    assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
    assert store.open_link(text) == link
    clock[0] = NOW + 60
    assert store.open_link(text) is None


def test_a_link_that_was_altered_or_made_by_somebody_else_does_not_open(store: Store) -> None:
    link = PortalLink(owner="acme", expires_at=NOW + 60)
    text = store.seal_link(link)
    middle = len(text) // 2
    other = "A" if text[middle] != "A" else "B"

    assert store.open_link(text[:middle] + other + text[middle + 1 :]) is None
    assert store.open_link(to_url(Vault([b"x" * 32]).seal(link.to_text(), CONTEXT))) is None
    assert store.open_link(to_url(store._vault.seal(link.to_text(), "durian_secrets:joe"))) is None
    for nonsense in ("", ".", "v1..", "v1.abc.def", "\x00", "v1.é.ü", "." * 1000):
        assert store.open_link(nonsense) is None


def test_that_a_link_was_made_is_in_the_audit_log(store: Store) -> None:
    text = store.seal_link(PortalLink(owner="acme", expires_at=NOW + 60))

    [entry] = store.list_audit(target="portal acme").entries
    assert (entry.action, entry.owner) == ("portal.link", "acme")
    assert text not in str(entry)


def test_a_link_cannot_allow_what_an_owner_cannot_do(store: Store) -> None:
    with pytest.raises(InvalidToken, match="admin"):
        PortalLink(owner="acme", scopes=frozenset({"admin"}), expires_at=NOW)
    acme = store.on_behalf(Principal(name="portal acme", owner="acme"))
    with pytest.raises(NotAllowed):
        acme.seal_link(PortalLink(owner="bolt", expires_at=NOW + 60))
