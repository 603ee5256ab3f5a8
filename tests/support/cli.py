"""The command line, run as a user does: `durian` in a process of its own."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.support import quick
from tests.support.registry import put_registry

#: The console script of the interpreter that runs the tests.
DURIAN = str(Path(sys.executable).with_name("durian"))

#: Seconds a command may take on a busy machine with two cores.
PATIENCE_S = 60.0

Found = TypeVar("Found")


def environment(home: Path, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment without the machine's settings of Durian and of its terminal."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("DURIAN_") and name != "COLUMNS"
    }
    return {
        **inherited,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "PYTHONWARNINGS": "error",
        **(settings or {}),
    }


def durian(
    *arguments: str, home: Path, stdin: bytes = b"", settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a folder; `Running` starts the console script itself."""
    return quick.run(
        arguments,
        folder=home,
        environment=environment(home, settings),
        stdin=stdin,
        timeout_s=PATIENCE_S,
    )


class Running:
    """A command that runs until it is stopped; its lines can be waited for."""

    def __init__(
        self,
        *arguments: str,
        home: Path,
        settings: Mapping[str, str] | None = None,
        program: Sequence[str] = (DURIAN,),
    ) -> None:
        self._arguments = arguments
        self.process = subprocess.Popen(
            [*program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=home,
            env=environment(home, settings),
        )
        self.lines: list[str] = []
        self._unread: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def find_line(self, words: str, timeout_s: float) -> str | None:
        """Wait for a line that contains some words; None when it does not come in time."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                line = self._unread.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return None
            if line is None or words in line:
                return line

    def find_json(self, key: str, timeout_s: float) -> dict[str, Any] | None:
        """The same for a line that is a JSON object with a key."""
        line = self.find_line(f'"{key}"', timeout_s)
        found: dict[str, Any] | None = None if line is None else json.loads(line)
        return found

    def wait_line(self, words: str) -> str:
        """Wait for a line that contains some words; fails the test when it does not come."""
        line = self.find_line(words, PATIENCE_S)
        assert line is not None, f"{self._arguments}: no {words!r} in {self.lines}"
        return line

    def wait_json(self, key: str) -> dict[str, Any]:
        """The same for a line that is a JSON object with a key."""
        found: dict[str, Any] = json.loads(self.wait_line(f'"{key}"'))
        return found

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and tell the exit code."""
        self.process.send_signal(how)
        return self.process.wait(timeout=PATIENCE_S)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for raw in self.process.stdout:
            line = raw.decode(errors="replace").rstrip("\n")
            self.lines.append(line)
            self._unread.put(line)
        self._unread.put(None)


class Shell:
    """Commands in one folder with a registry; they may deliver to this machine."""

    def __init__(self, home: Path, settings: dict[str, str], stack: ExitStack) -> None:
        self._home = home
        self._settings = {"DURIAN_ALLOWED_NETWORKS": "127.0.0.0/8"} | settings
        self._stack = stack
        put_registry(home)

    def start(self, *arguments: str, **settings: str) -> Running:
        running = Running(*arguments, home=self._home, settings=self._settings | settings)
        return self._stack.enter_context(running)

    def __call__(self, *arguments: str, code: int = 0) -> str:
        done = durian(*arguments, home=self._home, settings=self._settings)
        assert done.returncode == code, done
        assert "Traceback" not in done.stderr
        return done.stderr if code else done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))


def look_until(look: Callable[[], Found | None]) -> Found:
    """Look again and again until there is something; fails the test when nothing comes."""
    deadline = time.monotonic() + PATIENCE_S
    pause = threading.Event()
    while (found := look()) is None:
        assert time.monotonic() < deadline, f"nothing after {PATIENCE_S:.0f} s"
        pause.wait(0.1)
    return found


def one_sentence(finished: subprocess.CompletedProcess[str]) -> str:
    """The error of a command that failed as it should: one line, a hint at most, no traceback.

    Processes write log lines before, in JSON.
    """
    lines = [line for line in finished.stderr.splitlines() if not line.startswith("{")]
    assert finished.returncode != 0, finished
    assert len(lines) in {1, 2}, finished
    assert lines[0].startswith("error: "), finished
    assert all(line.startswith("hint: ") for line in lines[1:]), finished
    assert "Traceback" not in finished.stdout + finished.stderr, finished
    return lines[0].removeprefix("error: ")
