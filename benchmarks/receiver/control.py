"""Starts a receiver in a process of its own and asks it what has arrived."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

#: Seconds between two looks while waiting; a look costs the receiver about as much as one POST.
_LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What a receiver has counted since its last reset."""

    #: POSTs.
    received: int
    #: Different pairs of path and `webhook-id`: fewer than `received` means duplicates.
    distinct: int
    #: When the first and the last came, in seconds since the epoch.
    first_at: float
    last_at: float
    #: From `ce-time` to arrival; None when no POST had that header.
    p50_ms: float | None
    p99_ms: float | None
    max_ms: float | None


class Receiver:
    """A receiver in a process of its own; a context manager."""

    def __init__(self, *, delay_ms: float = 0.0) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.receiver", "--delay-ms", str(delay_ms)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())
        #: URLs of listeners begin with this; every path is taken.
        self.url = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def stats(self) -> Stats:
        """Ask what has arrived."""
        return Stats(**json.loads(self._ask("GET", "/-/stats")))

    def reset(self) -> None:
        """Let it begin anew."""
        self._ask("POST", "/-/reset")

    def wait_for(self, count: int, *, timeout_s: float) -> Stats:
        """Wait until so many POSTs have arrived; raises TimeoutError when they do not in time."""
        deadline = time.monotonic() + timeout_s
        pause = threading.Event()
        while (stats := self.stats()).received < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{stats.received} of {count} arrived in {timeout_s:g} s")
            pause.wait(_LOOK_EVERY_S)
        return stats

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _ask(self, method: str, path: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request(method, path)
            return connection.getresponse().read()
        finally:
            connection.close()
