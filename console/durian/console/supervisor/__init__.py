"""Several processes of one role, started and looked after by a parent that does nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial

import structlog

from durian.console.heartbeat import HealthFile
from durian.console.logs import configure
from durian.console.metrics import serving
from durian.console.metrics import sources as metrics
from durian.console.metrics.exposition import Reader
from durian.console.metrics.gathered import Gathered, Metric
from durian.console.settings import Settings
from durian.console.stop import stop_signals
from durian.console.supervisor.child import Telling, Work
from durian.console.supervisor.spawned import Spawned
from durian.console.supervisor.supervisor import Supervisor
from durian.errors import DurianError

__all__ = ["Telling", "Work", "supervise"]

_log = structlog.get_logger("durian.console")

#: Seconds between two looks at the children: the most that a signal waits.
LOOK_S = 0.1

#: Seconds that a child may take to stop beyond the grace for what is under way.
_PATIENCE_S = 15.0


class _Watchers:
    """Who wants to know of the children: the health file and the metrics (implements `Told`)."""

    def __init__(self, file: HealthFile | None) -> None:
        self._file = file
        self._restarts = 0
        self.metrics = Gathered(Reader([lambda: metrics.of_supervisor(self._restarts)]))

    def all_alive(self) -> None:
        if self._file is not None:
            self._file.touch()

    def measured(self, number: int, families: Sequence[Metric]) -> None:
        self.metrics.put(number, families)

    def ended(self, number: int) -> None:
        self._restarts += 1
        self.metrics.forget(number)


def supervise(settings: Settings, role: str, work: Work) -> None:
    """Do some work in `settings.processes` children until SIGINT or SIGTERM.

    The first signal lets them finish what is under way, a second SIGINT ends them at once. Raises
    the error of a child that cannot start, and KeepsEnding.
    """
    configure(settings)
    with stop_signals() as stop, ExitStack() as stack:
        file = HealthFile(settings.health_file) if settings.health_file else None
        if file is not None:
            stack.callback(file.remove)
        watchers = _Watchers(file)
        stack.enter_context(serving(settings, watchers.metrics.registry))
        supervisor = Supervisor(settings.processes, partial(Spawned, work, settings), watchers)
        # Whoever is left, should a second SIGINT come.
        stack.callback(supervisor.kill)
        patience_s = settings.grace_s + _PATIENCE_S
        _log.info("processes.started", role=role, processes=settings.processes)
        try:
            while not stop.wait(LOOK_S):
                supervisor.turn()
        except DurianError:
            supervisor.stop(patience_s)
            raise
        _log.info("processes.stopping", role=role)
        supervisor.stop(patience_s)
    _log.info("processes.stopped", role=role)
