from __future__ import annotations

from pathlib import Path

import pytest

from durian.errors import InvalidSettings
from durian.registry.sql.address import read_url, shown


@pytest.mark.parametrize(
    ("text", "driver", "database"),
    [
        ("sqlite:///durian.db", "sqlite", "durian.db"),
        ("sqlite:////var/lib/durian.db", "sqlite", "/var/lib/durian.db"),
        ("postgresql://joe:x@db.example:5433/durian", "postgresql+psycopg", "durian"),
        ("postgres://db.example/durian", "postgresql+psycopg", "durian"),
        ("postgresql+psycopg:///durian?host=/run/postgresql", "postgresql+psycopg", "durian"),
    ],
)
def test_both_databases_are_known(text: str, driver: str, database: str) -> None:
    url = read_url(text)

    assert (url.drivername, url.database) == (driver, database)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "durian.db",
        "sqlite://",
        "sqlite://durian.db",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory",
        "mysql://joe:geheim@db.example/durian",
        "postgresql+psycopg2://joe:geheim@db.example/durian",
        "postgresql://joe:geheim@db.example",
        "postgresql://joe:geheim@db.example:port/durian",
        "://geheim",
    ],
)
def test_what_is_no_registry_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        read_url(text)

    assert caught.value.field == "DURIAN_REGISTRY_URL"
    assert "geheim" not in str(caught.value)
    assert "sqlite:///" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sqlite:///durian.db", f"sqlite:///{Path.cwd()}/durian.db"),
        ("sqlite:////var/lib/durian.db", "sqlite:////var/lib/durian.db"),
        ("postgres://joe:geheim@db.example/durian", "postgresql://joe:***@db.example/durian"),
        ("postgresql:///durian?host=db&password=geheim", "postgresql:///durian"),
    ],
)
def test_it_is_shown_with_its_whole_path_and_without_secrets(text: str, told: str) -> None:
    assert shown(read_url(text)) == told
