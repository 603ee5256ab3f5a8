"""Whatever happens to the database, callers see the registry's own errors, and soon."""

from __future__ import annotations

import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from durian.errors import RegistryError, RegistryUnavailable
from durian.registry import HookSpec
from durian.registry.sql import database as database_module
from durian.registry.sql import hooks
from durian.registry.store import Store, upgrade
from durian.registry.vault import Vault
from tests.support.postgres import PrivateServer
from tests.support.registry import NOW, listener, secret

pytestmark = pytest.mark.postgres


@pytest.fixture
def mortal_url(mortal_postgres: PrivateServer) -> Iterator[str]:
    """An upgraded registry on a server that may be stopped."""
    name = mortal_postgres.add_database()
    url = mortal_postgres.database_url(name)
    upgrade(url)
    yield url
    if not mortal_postgres.running:
        mortal_postgres.start()
    mortal_postgres.drop_database(name)


def test_the_store_survives_a_restart_of_its_server(
    mortal_postgres: PrivateServer, mortal_url: str, vault: Vault
) -> None:
    with Store.open(mortal_url, vault) as store:
        store.add_listener(listener("joe"), secret())
        mortal_postgres.stop()
        mortal_postgres.start()

        assert store.version() == 1
        store.set_enabled("joe", False)
        assert store.changes(0).listeners == [listener("joe", enabled=False)]


def test_while_the_server_is_away_every_call_says_so_soon(
    mortal_postgres: PrivateServer, mortal_url: str, vault: Vault
) -> None:
    with Store.open(mortal_url, vault) as store:
        mortal_postgres.stop()
        began = time.monotonic()
        for act in (
            store.ping,
            store.version,
            lambda: store.changes(0),
            lambda: list(store.stream(0)),
            lambda: store.add_listener(listener(), secret()),
            lambda: Store.open(mortal_url, vault),
            lambda: upgrade(mortal_url),
        ):
            with pytest.raises(RegistryUnavailable, match="that its URL is right"):
                act()
        assert time.monotonic() - began < 600

        mortal_postgres.start()
        assert store.list_listeners() == []


def test_a_write_cut_off_in_the_middle_leaves_nothing(
    mortal_postgres: PrivateServer, mortal_url: str, vault: Vault
) -> None:
    def write_and_lose_the_server() -> None:
        with store._database.writing() as write:
            hooks.put(write, HookSpec(name="person"))
            mortal_postgres.stop()

    with Store.open(mortal_url, vault) as store:
        with pytest.raises(RegistryUnavailable):
            write_and_lose_the_server()
        mortal_postgres.start()

        assert store.version() == 0
        assert store.list_hooks() == []


def test_a_server_that_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "CONNECT_TIMEOUT_S", 2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        began = time.monotonic()
        with pytest.raises(RegistryUnavailable):
            Store.open(f"postgresql://joe@127.0.0.1:{mute.getsockname()[1]}/durian")
        assert time.monotonic() - began < 60


@pytest.mark.parametrize("query", ["?sslmode=bogus", "?no_such_option=1"])
def test_a_bad_option_is_told_without_a_traceback_of_the_driver(query: str) -> None:
    with pytest.raises(RegistryError):
        Store.open(f"postgresql://joe:geheim@127.0.0.1:1/durian{query}")


def test_no_error_shows_the_password(postgres_url: str) -> None:
    with pytest.raises(RegistryError) as caught:
        Store.open(postgres_url.replace("durian@", "nobody:geheim@"))

    assert "geheim" not in str(caught.value)


def test_a_full_pool_is_unavailable(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade(postgres_url)
    monkeypatch.setattr(database_module, "LOCK_TIMEOUT_S", 1)
    with Store.open(postgres_url) as store:
        taken = [store._database.engine.connect() for _ in range(10)]
        with pytest.raises(RegistryUnavailable):
            store.ping()
        for connection in taken:
            connection.close()
        store.ping()


def test_a_writer_that_waits_too_long_gives_up(
    registry_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(registry_url)
    monkeypatch.setattr(database_module, "LOCK_TIMEOUT_S", 1)
    with Store.open(registry_url, vault) as store, Store.open(registry_url, vault) as other:
        with other._database.writing():
            with pytest.raises(RegistryUnavailable):
                store.add_listener(listener(), secret())
            assert store.version() == 0
        store.add_listener(listener(), secret())
        assert store.secrets_of("joe", NOW)


def test_threads_may_share_a_store(store: Store) -> None:
    faults: list[BaseException] = []

    def work(number: int) -> None:
        try:
            store.add_listener(listener(f"n{number}"), secret())
            assert store.get_listener(f"n{number}").enabled
        except BaseException as exc:  # noqa: BLE001  # told below
            faults.append(exc)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert faults == []
    assert store.version() == 16


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Joe, " * 1000)

    with pytest.raises(RegistryError, match="not a database"):
        Store.open(f"sqlite:///{path}")
    assert path.read_text().startswith("Dear Joe")


@pytest.mark.parametrize("place", ["", "file/durian.db"])
def test_a_path_that_cannot_hold_a_file_is_unavailable(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(RegistryUnavailable):
        Store.open(f"sqlite:///{tmp_path}/{place}")


def test_a_table_that_vanished_is_told(registry_url: str, vault: Vault) -> None:
    upgrade(registry_url)
    with Store.open(registry_url, vault) as store:
        with store._database.locked() as connection:
            connection.exec_driver_sql("DROP TABLE durian_hooks")
        with pytest.raises(RegistryError, match="durian_hooks"):
            store.list_hooks()


def test_sqlite_keeps_readers_and_the_writer_apart(tmp_path: Path) -> None:
    path = tmp_path / "durian.db"
    Store.open(f"sqlite:///{path}").close()

    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()


def test_the_store_tells_its_databases_time(store: Store) -> None:
    assert abs(store.clock() - time.time()) < 60
