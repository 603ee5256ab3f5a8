"""The shop at work: `durian up`, a relay and the web pages, and a person who is saved.

Each is a process that you could start in a shell of its own, as it is printed.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from queue import Empty, Queue
from typing import Self

HERE = Path(__file__).resolve().parent

#: Somebody who may do everything in the demonstration.
USER, PASSWORD = "joe", "durian"  # of a demonstration

#: Seconds that anything may take.
PATIENCE_S = 60.0

SETUP = f"""
from django.contrib.auth import get_user_model
from durian.registry import hooks
users = get_user_model().objects
if not users.filter(username={USER!r}).exists():
    users.create_superuser({USER!r}, password={PASSWORD!r})
hooks["person"].listener(url={{url!r}}, description="The page that shows what arrives").save()
"""

SAVE = """
from people.models import Person
Person.objects.create(name="Joe", address="1 Elm Street", secret="of no concern to anybody")
"""


class Demo:
    """Processes of the shop, in a home that is gone afterwards.

    They end with it, also when it is ended by SIGINT, SIGTERM or SIGHUP.
    """

    def __init__(self, home: str, api_port: int) -> None:
        variables = {
            "SHOP_HOME": home,
            "DURIAN_API_PORT": str(api_port),
            "DURIAN_BROKER_URL": "",  # whoever has one set sees the demonstration as all others do
            "PYTHONUNBUFFERED": "1",
        }
        self._environment = os.environ | variables
        self._processes: list[subprocess.Popen[str]] = []
        #: What the processes print; None when one has ended.
        self._lines: Queue[str | None] = Queue()
        #: Whether a signal has to wait: until a process that begins is known, and at the end.
        self._busy = False
        self._asked_by: int | None = None

    def __enter__(self) -> Self:
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        self._busy = True
        for process in reversed(self._processes):
            _end(process)

    def run(self, *arguments: str) -> None:
        """Run a command to its end."""
        process = self._begin(*arguments)
        if process.wait():
            sys.exit(f"manage.py {arguments[0]} has failed; what it printed says why.")

    def start(self, *arguments: str) -> None:
        """Start a process; what it prints is shown."""
        print(f"$ manage.py {' '.join(arguments)}", flush=True)
        process = self._begin(*arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        threading.Thread(target=self._follow, args=(process, arguments[0]), daemon=True).start()

    def wait_for(self, text: str) -> None:
        """Wait until somebody prints something."""
        try:
            while text not in (line := self._lines.get(timeout=PATIENCE_S) or ""):
                if not line:
                    sys.exit("One of the processes has ended; what it printed last says why.")
        except Empty:
            sys.exit(f"{text!r} was not printed within {PATIENCE_S:g} seconds")

    def _begin(self, *arguments: str, **output: int) -> subprocess.Popen[str]:
        command = [sys.executable, "manage.py", *arguments]
        self._busy = True
        process = subprocess.Popen(  # noqa: S603  # our own
            command, cwd=HERE, env=self._environment, text=True, **output
        )
        self._processes.append(process)
        self._busy = False
        self._heed()
        return process

    def _follow(self, process: subprocess.Popen[str], name: str) -> None:
        for line in process.stdout or ():
            print(f"  {name:<12} | {line}", end="", flush=True)
            self._lines.put(line)
        self._lines.put(None)

    def _on_signal(self, signum: int, _frame: object) -> None:
        self._asked_by = signum
        if not self._busy:
            self._heed()

    def _heed(self) -> None:
        if self._asked_by is not None:
            sys.exit(128 + self._asked_by)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _refuse_taken(port: int, option: str) -> None:
    """End at once when a port is taken, as by a `durian up` that runs already."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as exc:
        sys.exit(
            f"error: 127.0.0.1:{port}: cannot listen there: {exc.strerror}\n"
            f'hint: Choose another port: make demo-django ARGS="{option} {port + 1}"'
        )


def main() -> None:
    """Show it; with `--once` end after the delivery."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the first delivery")
    parser.add_argument("--port", type=int, default=8000, help="of the web pages")
    parser.add_argument("--api-port", type=int, default=8700, help="of `durian up`")
    options = parser.parse_args()
    _refuse_taken(options.port, "--port")
    _refuse_taken(options.api_port, "--api-port")
    site = f"http://127.0.0.1:{options.port}"
    with (
        tempfile.TemporaryDirectory(prefix="durian-shop-") as home,
        Demo(home, options.api_port) as demo,
    ):
        demo.run("migrate", "--verbosity", "0")
        demo.run("shell", "--verbosity", "0", "-c", SETUP.format(url=f"{site}/webhooks/listening/"))
        demo.start("runserver", "--noreload", str(options.port))
        demo.start("durian", "up", "--log-level", "warning")
        demo.wait_for("up.broker_embedded")
        demo.start("durian_relay")
        demo.wait_for("Relaying")
        print("\n>>> Person(name='Joe', address='1 Elm Street', secret='...').save()", flush=True)
        demo.run("shell", "--verbosity", "0", "-c", SAVE)
        demo.wait_for('"name": "Joe"')
        if options.once:
            return
        print(f"\nMake a listener:  {site}/webhooks/add/  (user {USER}, password {PASSWORD})")
        print(f"Save a person:    {site}/admin/people/person/add/")
        print(f"See what arrives: {site}/webhooks/listening/, and below. Ctrl-C ends.", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
