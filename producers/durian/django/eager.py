"""Relaying at once what this process has committed, on a thread of its own."""

from __future__ import annotations

import logging
import os
import random
import threading
from typing import TYPE_CHECKING

from django.db import close_old_connections

from durian.errors import DurianError

if TYPE_CHECKING:
    from durian.django.deployment import DjangoDeployment

_log = logging.getLogger(__name__)

#: Seconds that the end of a process waits for what it has just committed.
_LEAVE_S = 5.0

#: Seconds of the longest pause after a failure; what waits meanwhile is safe in the outbox.
_PAUSE_S = 5.0


class EagerRelay:
    """A relay that is woken by commits. Any thread may use it, also after a fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: The process whose thread it is: threads do not survive a fork.
        self._pid: int | None = None
        self._thread: threading.Thread | None = None
        self._woken = threading.Event()
        self._stopping = threading.Event()

    def wake(self, deployment: DjangoDeployment, _using: str) -> None:
        """Relay now; returns at once."""
        with self._lock:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                self._woken, self._stopping = threading.Event(), threading.Event()
                self._thread = threading.Thread(
                    target=self._run, args=(deployment,), name="durian-eager-relay", daemon=True
                )
                self._thread.start()
        self._woken.set()

    def stop(self) -> None:
        """Let it publish what it knows of, for a moment; the rest is for another relay."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None and self._pid == os.getpid():
            self._thread.join(_LEAVE_S)

    def _run(self, deployment: DjangoDeployment) -> None:
        woken, stopping = self._woken, self._stopping
        with deployment.make_relay() as relay:
            ended = False
            while not ended:
                woken.wait()
                woken.clear()
                ended = stopping.is_set()  # what was committed before that is still relayed
                try:
                    while relay.turn():
                        pass
                except DurianError as error:
                    _log.warning("relay.eager_failed error=%s", error)
                    stopping.wait(random.uniform(0, _PAUSE_S))  # noqa: S311  # jitter, no secret
                finally:
                    close_old_connections()
