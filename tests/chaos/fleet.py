"""Processes under a supervisor: whoever dies is started again, as in any deployment."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path

from tests.chaos.crew import COMMANDS
from tests.support.cli import PATIENCE_S, Running

#: Seconds before a process is started again.
RESTART_S = 0.5


class Post:
    """One place of a role: a process, and after its death the next one."""

    def __init__(self, role: str, home: Path, settings: Mapping[str, str]) -> None:
        self.role = role
        #: How often a process was started.
        self.starts = 0
        #: How each process ended that was not killed, with its last lines.
        self.failures: list[tuple[int, list[str]]] = []
        self._home = home
        self._settings = settings
        self._ending = threading.Event()
        self._process: Running | None = None
        self._thread = threading.Thread(target=self._supervise, daemon=True)
        self._thread.start()

    def send(self, how: signal.Signals) -> int:
        """Send a signal to the process that runs now; tell its id, 0 when there is none."""
        process = self._process
        if process is None or process.process.poll() is not None:
            return 0
        process.process.send_signal(how)
        return process.process.pid

    def end(self) -> None:
        """Ask the process to stop, and start no other."""
        self._ending.set()
        self.send(signal.SIGTERM)

    def join(self) -> None:
        """Wait until it has stopped."""
        self._thread.join(2 * PATIENCE_S)
        assert not self._thread.is_alive(), f"{self.role} does not stop"

    def _supervise(self) -> None:
        while not self._ending.is_set():
            self.starts += 1
            with Running(*COMMANDS[self.role], home=self._home, settings=self._settings) as running:
                self._process = running
                if self._ending.is_set():  # it was asked for while the process started
                    self.send(signal.SIGTERM)
                code = running.process.wait()
                # SIGTERM ends a process that has not come so far as to handle it.
                early = self._ending.is_set() and code == -signal.SIGTERM
                if code not in {0, -signal.SIGKILL} and not early:
                    self.failures.append((code, running.lines[-3:]))
            self._ending.wait(RESTART_S)


class Fleet:
    """All posts of a deployment."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._posts: list[Post] = []

    def man(self, role: str, count: int, settings: Mapping[str, str]) -> list[Post]:
        """Start so many more processes of a role; tell their posts."""
        posts = [Post(role, self._home, settings) for _ in range(count)]
        self._posts += posts
        return posts

    def kill(self, role: str) -> None:
        """Kill every process of a role."""
        for post in self.of(role):
            post.send(signal.SIGKILL)

    def freeze(self, role: str) -> int:
        """Freeze one process of a role; tell its id."""
        return self.of(role)[0].send(signal.SIGSTOP)

    def thaw(self, pid: int) -> None:
        """Let a frozen process go on, if it is still there."""
        with contextlib.suppress(ProcessLookupError):
            if pid:
                os.kill(pid, signal.SIGCONT)

    def of(self, role: str) -> list[Post]:
        """The posts of a role."""
        return [post for post in self._posts if post.role == role]

    @property
    def failures(self) -> list[tuple[str, int, list[str]]]:
        """Every end of a process that was neither asked for nor a kill."""
        return [(post.role, *failure) for post in self._posts for failure in post.failures]

    @property
    def restarts(self) -> int:
        """How often a process was started again."""
        return sum(max(0, post.starts - 1) for post in self._posts)

    def end(self, *roles: str) -> None:
        """Stop all processes of some roles, or of all."""
        posts = [post for post in self._posts if not roles or post.role in roles]
        for post in posts:
            post.end()
        for post in posts:
            post.join()
