"""What databases say when they cannot be reached, in plain words."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from durian.errors import RegistryUnavailable
from durian.registry.sql.faults import translated

TO_SERVER = "connection failed: connection to server at "
TO_SOCKET = "connection failed: connection to server on socket "
RUNNING = "\n\tIs the server running on that host and accepting TCP/IP connections?"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            f'{TO_SERVER}"127.0.0.1", port 5432 failed: Connection refused{RUNNING}',
            "127.0.0.1:5432: nothing listens there.",
        ),
        (
            f'{TO_SERVER}"localhost" (::1), port 5432 failed: timeout expired',
            "localhost:5432: no answer came in time.",
        ),
        (
            f'{TO_SERVER}"db", port 1 failed: FATAL:  password authentication failed for user "x"',
            'db:1: password authentication failed for user "x".',
        ),
        (
            f'{TO_SOCKET}"/run/.s.PGSQL.5432" failed: No such file or directory{RUNNING}',
            "/run/.s.PGSQL.5432: nothing listens there.",
        ),
        ("unable to open database file", "unable to open database file."),
    ],
)
def test_an_error_says_where_and_why(told: str, said: str) -> None:
    with pytest.raises(RegistryUnavailable) as caught, translated():
        raise OperationalError("SELECT 'secret'", {}, Exception(told))
    assert caught.value.message == f"The registry's database: {said}"
    assert "secret" not in str(caught.value)
