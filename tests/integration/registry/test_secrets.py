from __future__ import annotations

import pytest
import sqlalchemy as sa

from durian.errors import InvalidListener, RegistryError
from durian.registry import ListenerSecret
from durian.registry.sql import tables
from durian.registry.sql.database import Database
from durian.registry.store import Store
from durian.registry.vault import Vault
from tests.support.registry import NOW, listener, secret

HOUR_S = 3600.0


def stored(url: str) -> dict[str, str]:
    """What lies in the database, by listener."""
    database = Database(url)
    with database.reading() as connection:
        rows = connection.execute(sa.select(tables.secrets)).all()
    database.close()
    return {row.listener_id: row.value for row in rows}


@pytest.mark.parametrize("kind", ["hmac", "ed25519"])
def test_both_kinds_come_back(store: Store, kind: str) -> None:
    new = ListenerSecret.new(now=NOW, kind="hmac" if kind == "hmac" else "ed25519")
    store.add_listener(listener(), new)

    (found,) = store.secrets_of("joe", NOW)

    assert found == new
    assert found.kind == kind


def test_rotation_overlaps(store: Store) -> None:
    first, second = secret(), secret(NOW + 10)
    store.add_listener(listener(), first)
    store.rotate_secret("joe", second, HOUR_S, NOW + 10)

    during = [one.value for one in store.secrets_of("joe", NOW + HOUR_S)]
    after = [one.value for one in store.secrets_of("joe", NOW + 10 + HOUR_S)]

    assert during == [second.value, first.value]
    assert after == [second.value]


def test_a_second_rotation_never_lengthens_the_first(store: Store) -> None:
    first, second, third = secret(), secret(NOW + 1), secret(NOW + 2)
    store.add_listener(listener(), first)
    store.rotate_secret("joe", second, 10, NOW + 1)
    store.rotate_secret("joe", third, HOUR_S, NOW + 2)

    assert [one.value for one in store.secrets_of("joe", NOW + 3)] == [
        third.value,
        second.value,
        first.value,
    ]
    assert [one.value for one in store.secrets_of("joe", NOW + 11)] == [third.value, second.value]


def test_a_rotation_without_overlap_ends_the_old_secret_at_once(store: Store) -> None:
    store.add_listener(listener(), secret())
    new = secret(NOW)
    store.rotate_secret("joe", new, 0, NOW)

    assert store.secrets_of("joe", NOW) == [new]
    with pytest.raises(InvalidListener, match="overlap_s"):
        store.rotate_secret("joe", secret(), -1, NOW)


def test_ended_secrets_are_deleted_by_the_next_rotation(store: Store, registry_url: str) -> None:
    store.add_listener(listener(), secret())
    store.rotate_secret("joe", secret(), 10, NOW)
    store.rotate_secret("joe", secret(), 10, NOW + 20)

    database = Database(registry_url)
    with database.reading() as connection:
        count = connection.execute(sa.select(sa.func.count()).select_from(tables.secrets)).scalar()
    database.close()
    assert count == 2


def test_a_rotation_is_a_change_of_the_listener(store: Store) -> None:
    store.add_listener(listener(), secret())
    store.rotate_secret("joe", secret(), 10, NOW)

    assert [one.id for one in store.changes(1).listeners] == ["joe"]


def test_no_secret_lies_open_in_the_database(store: Store, registry_url: str) -> None:
    new = secret()
    store.add_listener(listener(), new)

    assert new.value not in stored(registry_url)["joe"]
    assert new.value.removeprefix("whsec_") not in stored(registry_url)["joe"]


def test_a_secret_copied_to_another_listener_does_not_open(store: Store, registry_url: str) -> None:
    store.add_listeners([(listener("joe"), secret()), (listener("mallory"), secret())])
    database = Database(registry_url)
    with database.locked() as connection:
        connection.execute(sa.update(tables.secrets).values(value=stored(registry_url)["joe"]))
    database.close()

    assert store.secrets_of("joe", NOW)
    with pytest.raises(RegistryError, match="mallory"):
        store.secrets_of("mallory", NOW)


def test_many_listeners_secrets_are_read_at_once(store: Store, registry_url: str) -> None:
    many = [(listener(f"n{number}"), secret()) for number in range(1005)]
    store.add_listeners(many)
    new = secret()
    store.rotate_secret("n7", new, HOUR_S, NOW)
    names = [one.id for one, _ in many]
    found = store.secrets_of_many([*names, "nobody"], NOW + 1)
    assert found == {name: store.secrets_of(name, NOW + 1) for name in names}
    assert [one.value for one in found["n7"]] == [new.value, many[7][1].value]

    database = Database(registry_url)
    with database.locked() as connection:
        mine = tables.secrets.c.listener_id == "n3"
        connection.execute(sa.update(tables.secrets).where(mine).values(value="altered"))
    database.close()
    assert store.secrets_of_many(["n3", "n4"], NOW) == {"n4": [many[4][1]]}


def test_without_its_key_a_secret_stays_shut(store: Store, registry_url: str) -> None:
    store.add_listener(listener(), secret())

    with (
        Store.open(registry_url, Vault([b"x" * 32])) as stranger,
        pytest.raises(RegistryError, match="DURIAN_SECRET_KEYS"),
    ):
        stranger.secrets_of("joe", NOW)


def test_keys_are_rotated(store: Store, registry_url: str) -> None:
    many = [(listener(f"n{number}"), secret()) for number in range(1005)]
    store.add_listeners(many)
    old, new = b"k" * 32, b"n" * 32
    version = store.version()

    with Store.open(registry_url, Vault([new, old])) as both:
        one = secret()
        both.add_listener(listener("fresh"), one)
        assert both.reencrypt() == 1005
        assert both.reencrypt() == 0

    with Store.open(registry_url, Vault([new])) as newest:
        assert newest.secrets_of("n0", NOW) == [many[0][1]]
        assert newest.secrets_of("n1004", NOW) == [many[-1][1]]
        assert newest.secrets_of("fresh", NOW) == [one]
        assert newest.version() == version + 1


def test_a_key_file_is_made_when_no_vault_is_given(
    registry_url: str,
    store: Store,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    new = secret()
    with Store.open(registry_url) as first:
        assert list(home.iterdir()) == []
        first.add_listener(listener(), new)
    with Store.open(registry_url) as second:
        assert second.secrets_of("joe", NOW) == [new]
    assert (home / "durian" / "secret.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(RegistryError):
        store.secrets_of("joe", NOW)
