from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from durian.errors import RegistryMissing, RegistryOutdated
from durian.registry import HookSpec
from durian.registry.sql import revision
from durian.registry.sql.database import Database
from durian.registry.sql.tables import metadata
from durian.registry.store import Store, upgrade

MIGRATIONS = Path(revision.__file__).parent.parent / "migrations"

#: A migration that a later version might bring.
LATER = '''
"""A later one."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{down}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("durian_later", sa.Column("id", sa.Integer, primary_key=True))
'''


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The code of a later version: its migrations, to which a test may add."""
    folder = tmp_path / "later"
    shutil.copytree(MIGRATIONS, folder)
    script = folder / "versions" / "9999_later.py"
    script.write_text(LATER.format(down=revision.head()))
    monkeypatch.setattr(revision, "MIGRATIONS", folder)
    return script


@pytest.fixture
def before_search(tmp_path: Path) -> Path:
    """The migrations of a version that filed nothing for a search."""
    folder = tmp_path / "before"
    shutil.copytree(MIGRATIONS, folder)
    for script in (folder / "versions").glob("[0-9]*.py"):
        if script.name >= "0009":
            script.unlink()
    return folder


def tables_of(url: str) -> set[str]:
    engine = sa.create_engine(Database(url).url)
    try:
        return set(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()


def test_migrations_and_tables_agree(registry_url: str) -> None:
    upgrade(registry_url)
    database = Database(registry_url)
    with database.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": revision.VERSION_TABLE, "compare_type": True}
        )
        difference = compare_metadata(context, metadata)
        names = sa.inspect(connection).get_pk_constraint("durian_secrets")["name"]
    database.close()

    assert difference == []
    assert names == "pk_durian_secrets"


def test_a_registry_has_an_identity_of_its_own(registry_url: str, tmp_path: Path) -> None:
    urls = (registry_url, f"sqlite:///{tmp_path}/other/durian.db")
    found = set()
    for url in (*urls, *urls):
        upgrade(url)
        with Store.open(url) as store:
            found.add(store.identity())
    assert len(found) == 2
    assert "" not in found


def test_an_upgrade_is_harmless_when_there_is_nothing_to_do(registry_url: str) -> None:
    upgrade(registry_url)
    with Store.open(registry_url) as store:
        store.put_hook(HookSpec(name="person"))
    upgrade(registry_url)

    with Store.open(registry_url) as store:
        assert [spec.name for spec in store.list_hooks()] == ["person"]


def test_a_migration_is_called_by_the_number_of_its_file() -> None:
    """By that the newest one is known, without Alembic."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)

    for script in scripts.walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")
    assert revision.head() == scripts.get_current_head()


def test_a_registry_that_is_up_to_date_is_opened_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/durian.db"
    upgrade(url)
    program = (
        "import sys; from durian.registry.store import Store; "
        f"Store.open({url!r}).close(); assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_a_registry_that_is_missing_is_not_made_unasked(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "durian.db"
    with pytest.raises(RegistryMissing, match=r"no registry at /.*durian registry upgrade"):
        Store.open(f"sqlite:///{path}", create=False)
    assert not path.parent.exists()

    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as other, other:
        other.execute("CREATE TABLE mine (id)")
    with pytest.raises(RegistryMissing, match=f"{foreign} is no registry"):
        Store.open(f"sqlite:///{foreign}", create=False)
    assert tables_of(f"sqlite:///{foreign}") == {"mine"}


def test_sqlite_upgrades_itself(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/new/folder/durian.db") as store:
        assert store.version() == 0


@pytest.mark.postgres
def test_postgres_is_upgraded_on_demand_only(postgres_url: str) -> None:
    with pytest.raises(RegistryOutdated, match=r"is empty.*durian registry upgrade"):
        Store.open(postgres_url)
    assert tables_of(postgres_url) == set()


@pytest.mark.postgres
@pytest.mark.usefixtures("later")
def test_an_older_postgres_is_named_as_such(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(revision, "MIGRATIONS", MIGRATIONS)
        upgrade(postgres_url)
        now = revision.head()

    with pytest.raises(RegistryOutdated, match=f"is at schema {now}.*needs 9999"):
        Store.open(postgres_url)
    upgrade(postgres_url)
    Store.open(postgres_url).close()
    assert "durian_later" in tables_of(postgres_url)


@pytest.mark.usefixtures("later")
def test_a_newer_registry_is_refused(registry_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade(registry_url)
    monkeypatch.setattr(revision, "MIGRATIONS", MIGRATIONS)

    for act in (upgrade, Store.open):
        with pytest.raises(RegistryOutdated, match="schema 9999, which is newer"):
            act(registry_url)


def test_a_migration_that_fails_leaves_nothing_behind(registry_url: str, later: Path) -> None:
    later.write_text(later.read_text() + "    raise ArithmeticError\n")

    with pytest.raises(ArithmeticError):
        upgrade(registry_url)

    assert tables_of(registry_url) == set()


def test_listeners_from_before_there_was_something_to_search_are_found(
    registry_url: str, before_search: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(revision, "MIGRATIONS", before_search)
        upgrade(registry_url)
        database = Database(registry_url)
        fields = dict.fromkeys(("event", "filter", "policy", "queue_type"), "{}")
        fields |= {"id": "joe", "url": "https://joe.example", "description": "Voller ÄRGER"}
        numbers = dict.fromkeys(("created_at", "updated_at", "version"), 1)
        columns = [
            column
            for column in metadata.tables["durian_listeners"].c
            if column.name in {*fields, *numbers, "enabled"}
        ]
        old = sa.table("durian_listeners", *(sa.column(one.name, one.type) for one in columns))
        with database.locked() as connection:
            connection.execute(sa.insert(old).values(fields | numbers | {"enabled": True}))
        database.close()

    upgrade(registry_url)

    with Store.open(registry_url) as store:
        found = [store.list_entries(search=text) for text in ("ärger", "JOE.EXAMPLE", "nobody")]
    assert [len(entries) for entries in found] == [1, 1, 0]


def test_several_processes_upgrade_at_once(registry_url: str) -> None:
    program = textwrap.dedent(
        """
        import sys
        from durian.registry.store import Store, upgrade
        from durian.registry.vault import Vault
        from tests.support.registry import listener, secret

        url, number = sys.argv[1:]
        print("ready", flush=True)
        sys.stdin.readline()
        if url.startswith("postgresql"):
            upgrade(url)
        with Store.open(url, Vault([b"k" * 32])) as store:
            store.add_listener(listener(f"n{number}"), secret())
        """
    )
    jobs = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", program, registry_url, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        for number in range(4)
    ]
    for job in jobs:
        assert job.stdout is not None
        assert job.stdout.readline() == "ready\n"
    ends = []
    for job in jobs:
        assert job.stdin is not None
        job.stdin.write("\n")
        job.stdin.flush()
    for job in jobs:
        _, errors = job.communicate(timeout=120)
        ends.append((job.returncode, errors))

    assert ends == [(0, "")] * 4
    with Store.open(registry_url) as store:
        assert store.version() == store.count_listeners() == 4
