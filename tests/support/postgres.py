"""A PostgreSQL server: a private one that can be stopped, or any that is known by its URL.

Nothing of the machine's own PostgreSQL is touched: port, socket and data are the private server's
own, so that several test sessions run beside each other.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
import pytest
from psycopg import sql

from tests.support.rabbitmq import free_ports

#: Seconds a server may take to start on a busy machine.
START_S = 60.0

#: Debian keeps the server's programs out of the PATH, by major version.
DEBIAN = Path("/usr/lib/postgresql")

#: The name of the administrator.
ADMIN = "durian"

#: The server, and a watch that ends it when the test session is gone: then its input ends.
SCRIPT = """
exec 3<&0
(cat <&3 >/dev/null; kill -QUIT $$) &
exec "$@" 3<&- </dev/null
"""

#: A test's data may be lost with the machine, but not with the server: what is committed is handed
#: to the system, which need not write it to the disk.
SETTINGS = ("fsync=off", "full_page_writes=off", "max_connections=100")


class Server:
    """A PostgreSQL server that others use as well: every test has a database of its own."""

    def __init__(self, url: str) -> None:
        #: URL of a database that exists, with a login that may create others.
        self.url = url

    def await_start(self) -> None:
        """Wait until it takes connections."""
        deadline = time.monotonic() + START_S
        pause = threading.Event()
        while not _answers(self.url):
            reason = self._failure()
            if time.monotonic() > deadline:
                reason = f"no connection after {START_S:.0f} s"
            if reason:
                pytest.fail(f"PostgreSQL did not start: {reason}")
            pause.wait(0.05)

    def _failure(self) -> str:
        """Why it will never take any; empty while it may."""
        return ""

    def database_url(self, name: str) -> str:
        """Return the URL of a database."""
        return urlsplit(self.url)._replace(path=f"/{quote(name)}").geturl()

    def add_database(self) -> str:
        """Make an empty database; return its name."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database; connections to it are closed."""
        self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def execute(self, statement: sql.Composed) -> None:
        """Run a statement as the administrator, outside of a transaction."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


class PrivateServer(Server):
    """A server of our own, on a free port of the loopback interface, in a temporary directory."""

    def __init__(self, programs: Path, settings: Sequence[str] = SETTINGS) -> None:
        self._settings = settings
        self._port = str(*free_ports(1))
        super().__init__(f"postgresql://{ADMIN}@127.0.0.1:{self._port}/postgres")
        self._programs = programs
        self._process: subprocess.Popen[Any] | None = None
        self._home = Path(tempfile.mkdtemp(prefix="durian-postgres-"))
        self._as_user = _unprivileged(self._home)
        self._initialise()

    @property
    def _data(self) -> Path:
        return self._home / "data"

    @property
    def _log(self) -> Path:
        return self._home / "log"

    def _initialise(self) -> None:
        self._run(
            self._programs / "initdb",
            *("--pgdata", str(self._data), "--username", ADMIN, "--auth", "trust"),
            *("--encoding", "UTF8", "--locale", "C", "--no-sync"),
        )

    def start(self) -> None:
        """Start it (again) on the same port and data, and wait until it takes connections."""
        self.launch()
        self.await_start()

    def launch(self) -> None:
        """Start it without waiting."""
        assert self._process is None, "it runs already"
        command = [
            str(self._programs / "postgres"),
            *("-D", str(self._data), "-k", str(self._home), "-h", "127.0.0.1", "-p", self._port),
            *(word for setting in self._settings for word in ("-c", setting)),
        ]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", SCRIPT, "sh", *command],
                cwd=self._home,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._as_user,
            )

    @property
    def running(self) -> bool:
        """False between `stop` and `start`."""
        return self._process is not None

    def stop(self) -> None:
        """End it as a crash would: at once, cutting every connection."""
        self._end(signal.SIGQUIT)

    def remove(self) -> None:
        """Stop it and delete its files."""
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(how)
        self._process.wait(timeout=START_S)
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None

    def _failure(self) -> str:
        assert self._process is not None
        if self._process.poll() is None:
            return ""
        return self._log.read_text(errors="replace")[-2000:]

    def _run(self, *command: str | Path) -> None:
        done = subprocess.run(
            command,
            cwd=self._home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **self._as_user,
        )
        assert done.returncode == 0, f"{command[0]}: {done.stdout} {done.stderr}"


def _unprivileged(home: Path) -> dict[str, Any]:
    """Hand a folder to a user that PostgreSQL accepts, which root is not; return who it is."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(home, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def find_programs() -> Path | None:
    """Find the folder of the newest server's programs."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    newest = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return newest[-1].parent if newest else None
