"""Signs of life of a process whose broker answers, and the file that health checks look at."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from durian.broker.port import Broker, QueueState
from durian.errors import BrokerError, DurianError, InvalidSettings

#: Seconds between two heartbeats.
BEAT_S = 2.0

#: Seconds without a heartbeat after which a process counts as unhealthy: a reconnect takes less.
STALE_S = 15.0


class Unhealthy(DurianError):
    """Raised when a process gave no sign of life in time."""


class HealthFile:
    """A file whose age tells when the last sign of life was. Safe to share by threads."""

    def __init__(self, path: Path) -> None:
        """Raises InvalidSettings when the file cannot be written."""
        self._path = path
        self._lock = threading.Lock()
        self._ended = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        except OSError as exc:
            raise InvalidSettings("DURIAN_HEALTH_FILE", f"cannot be written: {exc}") from exc
        # Until the first sign of life there is none.
        path.unlink(missing_ok=True)

    def touch(self) -> None:
        """Note a sign of life; where that cannot be written, the file's age says so."""
        with self._lock, suppress(OSError):
            if not self._ended:
                self._path.touch()

    def remove(self) -> None:
        """Take the file away for good: a process that has stopped is not healthy."""
        with self._lock:
            self._ended = True
            self._path.unlink(missing_ok=True)


class Heartbeat:
    """Asks the broker about a queue again and again; each answer is a sign of life.

    So a sign tells that the process lives, and that the broker answers it.
    """

    def __init__(self, broker: Broker, queue: str, sign: Callable[[], None]) -> None:
        self._broker = broker
        self._queue = queue
        self._sign = sign
        self._asking = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="durian-heartbeat", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End: no sign is given after it."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(BEAT_S):
            # A broker that is away answers when it is back: one open question is enough.
            if not self._asking:
                self._asking = True
                self._broker.inspect(self._queue, self._answered)

    def _answered(self, answer: QueueState | BrokerError) -> None:
        self._asking = False
        if not isinstance(answer, BrokerError) and not self._stop.is_set():
            self._sign()


def check(path: Path | None, max_age_s: float = STALE_S) -> float:
    """Tell the age of a heartbeat in seconds; raises Unhealthy when it is too old or missing."""
    if path is None:
        raise InvalidSettings("DURIAN_HEALTH_FILE", "is not set", hint="The process needs it too.")
    try:
        age_s = time.time() - path.stat().st_mtime
    except FileNotFoundError:
        raise Unhealthy(f"There is no heartbeat file {path}.") from None
    except OSError as exc:
        raise InvalidSettings("DURIAN_HEALTH_FILE", f"cannot be read: {exc}") from exc
    if age_s > max_age_s:
        raise Unhealthy(f"The last sign of life in {path} is {age_s:.0f} s old.")
    return age_s
