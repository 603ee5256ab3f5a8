"""Read a registry's URL."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from durian.errors import InvalidSettings

#: The setting that holds the URL, as error messages name it.
SETTING = "DURIAN_REGISTRY_URL"

_HINT = "Write sqlite:///path/to/durian.db or postgresql://user:password@host/database."

#: Spellings people know, all meaning PostgreSQL through psycopg 3.
_POSTGRES = {"postgresql", "postgres", "postgresql+psycopg"}


def read_url(text: str) -> URL:
    """Read the URL of a SQLite file or a PostgreSQL database.

    Raises:
        InvalidSettings: when it is neither; the message never shows it (it may hold a password).
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as exc:
        raise InvalidSettings(SETTING, "cannot be read as a URL", hint=_HINT) from exc
    if url.drivername == "sqlite":
        return _sqlite(url)
    if url.drivername in _POSTGRES:
        return _postgres(url)
    raise InvalidSettings(SETTING, f"knows no {url.drivername}:// databases", hint=_HINT)


def shown(url: URL) -> str:
    """Write it for people: of a file the whole path, and nothing that may be a secret."""
    if url.drivername == "sqlite":
        url = url.set(database=str(Path(url.database or "").absolute()))
    return url.set(drivername=url.get_backend_name(), query={}).render_as_string()


def _sqlite(url: URL) -> URL:
    if url.host:
        raise InvalidSettings(SETTING, "needs three slashes after sqlite:", hint=_HINT)
    if not url.database or url.database.startswith((":memory:", "file:")):
        reason = "names no file, and a registry in memory could not be shared"
        raise InvalidSettings(SETTING, reason, hint=_HINT)
    return url


def _postgres(url: URL) -> URL:
    if not url.database:
        raise InvalidSettings(SETTING, "names no database", hint=_HINT)
    return url.set(drivername="postgresql+psycopg")
