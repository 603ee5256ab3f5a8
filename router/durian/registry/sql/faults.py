"""Turn SQLAlchemy's and the drivers' errors into the registry's."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc as sa_exc

from durian.errors import RegistryError, RegistryUnavailable

#: Characters of a driver's message that are passed on.
_MAX_REASON = 300

#: What PostgreSQL's library says when it gets no connection: where, and why.
_CONNECTING = re.compile(
    r'connection to server (?:at|on socket) "([^"]+)"(?: \([^)]*\))?(?:, port (\d+))? '
    r"failed: (?:FATAL: )?(.+?)(?: Is the server running .*)?$"
)

#: The same in plain words.
_WORDS = {
    "Connection refused": "nothing listens there",
    "No such file or directory": "nothing listens there",
    "timeout expired": "no answer came in time",
}

#: Errors that may go away by themselves: no connection, no lock, no space.
_AWAY = (
    sa_exc.OperationalError,
    sa_exc.InterfaceError,
    sa_exc.TimeoutError,
    sa_exc.DisconnectionError,
    sqlite3.OperationalError,
)


@contextmanager
def translated() -> Iterator[None]:
    """Raise RegistryUnavailable or RegistryError in place of an error of SQLAlchemy or sqlite3."""
    try:
        yield
    except _AWAY as exc:
        raise RegistryUnavailable(f"The registry's database: {_reason(exc)}.") from exc
    except (sa_exc.SQLAlchemyError, sqlite3.Error) as exc:
        raise RegistryError(f"The registry's database: {_reason(exc)}.") from exc


def _reason(exc: Exception) -> str:
    """Say what the driver said, without the statement and its parameters (they hold secrets)."""
    text = " ".join(str(getattr(exc, "orig", None) or exc).split())
    if connecting := _CONNECTING.search(text):
        host, port, why = connecting.groups()
        place = f"{host}:{port}" if port else host
        text = f"{place}: {_WORDS.get(why, why)}"
    return text[:_MAX_REASON].rstrip(".")
