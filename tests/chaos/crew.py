"""The processes of a deployment: started, killed, and started again."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from durian.faults import VARIABLE
from tests.support.cli import PATIENCE_S, Running, look_until

#: What is typed to start each role.
COMMANDS = {
    "router": ("router",),
    "delivery": ("deliver",),
    "recorder": ("record",),
    "replay": ("dead", "replay", "doomed"),
    "slow replay": ("dead", "replay", "doomed", "--rate", "20"),
}


class Crew:
    """Processes of the command line, in one folder with one set of settings."""

    def __init__(self, stack: ExitStack, home: Path, settings: Mapping[str, str]) -> None:
        self._stack = stack
        self._home = home
        self._settings = dict(settings)
        self._running: list[tuple[str, Running]] = []

    def start(self, role: str, plan: str = "") -> Running:
        """Start a process, with a fault in it when there is a plan; it may not be ready yet."""
        armed = {VARIABLE: plan} if plan else {}
        command = Running(*COMMANDS[role], home=self._home, settings=self._settings | armed)
        self._running.append((role, self._stack.enter_context(command)))
        return command

    def end(self, *roles: str) -> None:
        """Stop all of some roles, as an operator does: each process drains and says goodbye."""
        running = [
            process
            for role, process in self._running
            if role in roles and process.process.poll() is None
        ]
        for one in running:
            # Before it has begun, the signal itself ends it: there is nothing to drain yet.
            look_until(partial(_begun, one))
            one.process.send_signal(signal.SIGTERM)
        for one in running:
            code = one.process.wait(PATIENCE_S)
            assert code == 0, one.lines


def _begun(process: Running) -> str | None:
    return next((line for line in process.lines if "process.started" in line), None)


def died(process: Running, plan: str) -> None:
    """Wait until a process has died of its plan; fails the test when it does not."""
    code = process.process.wait(PATIENCE_S)
    assert code == -signal.SIGKILL, (plan, code, process.lines)
    process.wait_line(f"failpoint {plan}")
