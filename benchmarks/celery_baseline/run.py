"""Runs the Celery worker and measures what arrives at a receiver."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from kombu import Connection

from benchmarks.celery_baseline.app import app, post
from benchmarks.receiver import Receiver, Stats
from benchmarks.support import Speed, cpu_seconds, speed
from benchmarks.workload import event_body

#: POSTs sent before anything is measured: processes forked, connections made, code warm.
WARM_UP = 200

#: Seconds for a worker to start, and to end.
START_S = 60.0
STOP_S = 15.0

#: Seconds for all deliveries of a measurement to arrive.
PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A way to run Celery: a pool and its concurrency."""

    pool: str = "prefork"
    concurrency: int = 2
    #: Tasks fetched ahead, for each process or thread.
    prefetch: int = 4
    #: The database in which it keeps the outcome of each task, as Celery does it, if any.
    outcomes: str = ""

    def __str__(self) -> str:
        return f"{self.pool} {self.concurrency}, prefetch {self.prefetch}"

    @contextlib.contextmanager
    def running(self, broker_url: str, receiver: Receiver) -> Iterator[Sender]:
        """Run a worker on the broker, warmed up, until the block ends."""
        with self._worker(broker_url) as worker, Connection(broker_url) as connection:
            sender = Sender(connection, receiver, worker, keeps=bool(self.outcomes))
            receiver.reset()
            sender.send(WARM_UP, fanout=1)
            receiver.wait_for(WARM_UP, timeout_s=START_S)
            receiver.reset()
            yield sender

    def drained(self, broker_url: str, receiver: Receiver, events: int, *, fanout: int) -> Speed:
        """How fast a worker empties a full queue, from its first arrival to its last."""
        receiver.reset()
        with Connection(broker_url) as connection:
            Sender(connection, receiver).send(events, fanout=fanout)
        with self._worker(broker_url) as worker:
            stats = receiver.wait_for(events * fanout, timeout_s=PATIENCE_S)
            return speed(stats, stats.first_at, cpu_seconds(worker))

    @contextlib.contextmanager
    def _worker(self, broker_url: str) -> Iterator[int]:
        """Run a worker until the block ends; gives its process id."""
        log = subprocess.DEVNULL if "BENCH_VERBOSE" not in os.environ else None
        worker = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "benchmarks.celery_baseline.app", "worker"),
                *("--pool", self.pool, "--concurrency", str(self.concurrency)),
                *("--loglevel", "ERROR", "--without-gossip", "--without-mingle"),
            ],
            env=os.environ | self._environment(broker_url),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield worker.pid
        finally:
            _stop(worker)

    def _environment(self, broker_url: str) -> dict[str, str]:
        return {
            "BENCH_BROKER_URL": broker_url,
            "BENCH_OUTCOMES": self.outcomes,
            "BENCH_PREFETCH": str(self.prefetch),
        }


class Sender:
    """The application: for each event, one task for each listener."""

    def __init__(
        self,
        connection: Connection,
        receiver: Receiver,
        worker: int | None = None,
        *,
        keeps: bool = False,
    ) -> None:
        #: The process group of the worker, if one runs.
        self.worker = worker
        self._producer = app.amqp.Producer(connection)
        self._receiver = receiver
        #: Whether outcomes of tasks are kept.
        self._keeps = keeps

    def send(self, events: int, *, fanout: int, rate: float | None = None) -> None:
        """Publish events, each to so many listeners; at most `rate` events a second."""
        begin = time.monotonic()
        for number in range(events):
            if rate is not None and (early_s := begin + number / rate - time.monotonic()) > 0:
                time.sleep(early_s)
            body = event_body(number)
            moment = datetime.now(UTC).isoformat()
            event_id = f"{os.getpid()}-{begin}-{number}"
            for listener in range(fanout):
                url = f"{self._receiver.url}/{listener}"
                given = (url, event_id, moment, body)
                # A task carries with it whether its outcome is kept.
                kept = {"ignore_result": not self._keeps}
                post.apply_async(given, producer=self._producer, **kept)

    def deliver(self, events: int, *, fanout: int) -> Speed:
        """Send events as fast as they go; measure from the first publish to the last arrival."""
        assert self.worker is not None
        self._receiver.reset()
        begin, used_s = time.time(), cpu_seconds(self.worker)
        self.send(events, fanout=fanout)
        stats = self._receiver.wait_for(events * fanout, timeout_s=PATIENCE_S)
        return speed(stats, begin, cpu_seconds(self.worker) - used_s)

    def latency(self, events: int, *, rate: float) -> Stats:
        """What the receiver saw at a steady rate of events a second, one listener each."""
        self._receiver.reset()
        self.send(events, fanout=1, rate=rate)
        return self._receiver.wait_for(events, timeout_s=PATIENCE_S)


def _stop(worker: subprocess.Popen[bytes]) -> None:
    """End a worker politely, then by force, with all its processes."""
    worker.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        worker.wait(STOP_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
