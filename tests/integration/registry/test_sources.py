from __future__ import annotations

import pytest
import sqlalchemy as sa

from durian.errors import Conflict, InvalidSource, NotAllowed, NotFound
from durian.registry.principal import Principal
from durian.registry.source import Source, SourceSecret
from durian.registry.sql import tables
from durian.registry.store import Store
from durian.registry.vault import Vault
from tests.support.registry import NOW

OLD, NEW, NEWER = (SourceSecret(value=f"secret-number-{n}-of-three") for n in (1, 2, 3))


def source(source_id: str = "github") -> Source:
    return Source(id=source_id, scheme="github", event="github", created_at=NOW)


def test_a_source_comes_back_as_it_was_added_until_it_is_removed(store: Store) -> None:
    store.add_source(source(), OLD)
    assert store.get_source("github") == source()
    assert store.source_secrets("github") == [OLD.value]
    with pytest.raises(Conflict, match="github"):
        store.add_source(source(), NEW)

    store.remove_source("github")
    for act in (store.get_source, store.source_secrets, store.remove_source):
        with pytest.raises(NotFound, match="github"):
            act("github")
    actions = [entry.action for entry in store.list_audit().entries]
    assert actions == ["source.remove", "source.create"]


def test_secrets_are_sealed(store: Store) -> None:
    store.add_source(source(), OLD)
    with store._database.reading() as connection:
        row = connection.execute(sa.select(tables.sources)).one()
    assert OLD.value not in str(row)


def test_the_old_secret_verifies_for_the_overlap(store: Store) -> None:
    now = NOW
    store._now = lambda: now
    store.add_source(source(), OLD)
    store.rotate_source_secret("github", NEW, overlap_s=60)
    assert store.source_secrets("github") == [NEW.value, OLD.value]
    now += 30
    store.rotate_source_secret("github", NEWER, overlap_s=60)
    assert store.source_secrets("github") == [NEWER.value, NEW.value, OLD.value]
    now += 30
    assert store.source_secrets("github") == [NEWER.value, NEW.value]
    store.rotate_source_secret("github", OLD, overlap_s=0)
    assert store.source_secrets("github") == [OLD.value]
    with pytest.raises(InvalidSource, match="negative"):
        store.rotate_source_secret("github", NEW, overlap_s=-1)


def test_sources_are_listed_in_pages_by_id(store: Store) -> None:
    for source_id in ("b", "a", "c"):
        store.add_source(source(source_id), OLD)
    first = store.list_sources(limit=2)
    assert [one.id for one in first] == ["a", "b"]
    assert [one.id for one in store.list_sources(after="b")] == ["c"]


def test_an_owner_has_none_of_them(store: Store) -> None:
    seen = store.on_behalf(Principal(name="token x", owner="joe"))
    with pytest.raises(NotAllowed):
        seen.add_source(source(), OLD)
    with pytest.raises(NotAllowed):
        seen.source_secrets("github")


def test_secrets_are_sealed_anew_with_the_first_key(registry_url: str, store: Store) -> None:
    del store  # it has made the schema
    old, new = b"k" * 32, b"n" * 32
    with Store.open(registry_url, Vault([old])) as before:
        before.add_source(source(), OLD)
    with Store.open(registry_url, Vault([new, old])) as both:
        assert both.reencrypt() == 1
        assert both.reencrypt() == 0
    with Store.open(registry_url, Vault([new])) as after:
        assert after.source_secrets("github") == [OLD.value]
