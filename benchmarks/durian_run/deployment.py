"""A deployment to measure: a registry, listeners, and the processes of the command line."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from amqp.exceptions import NotFound
from kombu import Connection

from benchmarks.workload import EVENT_TYPE
from durian.broker.topology import QueueType, Topology
from durian.registry import Listener, ListenerSecret, Policy
from durian.registry.store import Store

#: The command, installed beside the Python that runs this.
_DURIAN = str(Path(sys.executable).parent / "durian")

#: How listeners have their deliveries, where nothing else is said.
USUAL = Policy()

#: Seconds for a process to start, and to end.
START_S = 60.0
STOP_S = 40.0

#: Seconds between two looks at a queue.
_LOOK_EVERY_S = 0.02


class Deployment:
    """A broker's virtual host and a registry, on SQLite unless told; a context manager."""

    def __init__(
        self, broker_url: str, *, sender: str = "requests", registry_url: str = ""
    ) -> None:
        self.broker_url = broker_url
        self._sender = sender
        self.topology = Topology()
        self._folder = tempfile.TemporaryDirectory(prefix="durian-bench-")
        self.registry_url = registry_url or f"sqlite:///{self._folder.name}/registry.db"
        #: The registry that its processes read.
        self.store = Store.open(self.registry_url)
        self._connection = Connection(broker_url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()
        self._connection.release()
        self._folder.cleanup()

    def add_listeners(
        self,
        urls: list[str],
        event: str = EVENT_TYPE,
        *,
        queue_type: QueueType = "quorum",
        policy: Policy = USUAL,
    ) -> list[str]:
        """Add a listener for each URL; processes that start later know them."""
        now = time.time()
        new = [
            (
                Listener.create(url=url, event=event, queue_type=queue_type, policy=policy),
                ListenerSecret.new(now=now),
            )
            for url in urls
        ]
        self.store.add_listeners(new)
        return [listener.id for listener, _ in new]

    def remove_listeners(self, ids: list[str]) -> None:
        """Remove listeners."""
        for listener_id in ids:
            self.store.remove_listener(listener_id)

    def declare(self) -> None:
        """Declare the topology, for producers that come before any process."""
        self._durian("topology", "--declare")

    @contextlib.contextmanager
    def running(
        self, *roles: str, within_s: float = START_S
    ) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Run roles (`router`, `deliver`), ready for work, until the block ends."""
        with self.starting(*roles) as processes:
            health = [self._health(role) for role in roles]
            _wait_for(lambda: all(path.exists() for path in health), within_s)
            yield processes

    @contextlib.contextmanager
    def starting(self, *roles: str) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Start roles, which may not be ready for some time, until the block ends."""
        processes = [self._start(role, self._health(role)) for role in roles]
        try:
            yield processes
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(STOP_S)
                process.kill()
                process.wait()
            for role in roles:
                self._health(role).unlink(missing_ok=True)

    def _health(self, role: str) -> Path:
        return Path(self._folder.name) / f"{role}.health"

    def wait_exists(self, queue: str, timeout_s: float) -> None:
        """Wait until a queue is declared."""
        _wait_for(lambda: self._ready(queue) is not None, timeout_s)

    def depth(self, queue: str) -> int:
        """Messages that are ready in a queue; 0 when there is none of that name."""
        return self._ready(queue) or 0

    def _ready(self, queue: str) -> int | None:
        with contextlib.suppress(NotFound), self._connection.channel() as channel:
            return int(channel.queue_declare(queue, passive=True).message_count)
        return None

    def wait_depth(self, queue: str, count: int, timeout_s: float = 300.0) -> None:
        """Wait until a queue holds so many messages."""
        _wait_for(lambda: self.depth(queue) == count, timeout_s)

    def wait_least(self, queue: str, count: int, timeout_s: float = 600.0) -> None:
        """Wait until a queue holds at least so many messages."""
        _wait_for(lambda: self.depth(queue) >= count, timeout_s)

    def _start(self, role: str, health: Path) -> subprocess.Popen[bytes]:
        quiet = None if "BENCH_VERBOSE" in os.environ else subprocess.DEVNULL
        options = ("--health-file", str(health), "--log-level", "warning")
        return subprocess.Popen(
            [_DURIAN, role, *options],
            env=self._environment(),
            stdout=quiet,
            stderr=quiet,
            start_new_session=True,  # its processor time is counted by its group
        )

    def _durian(self, *arguments: str) -> None:
        subprocess.run(
            [_DURIAN, *arguments],
            env=self._environment(),
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "DURIAN_BROKER_URL": self.broker_url,
            "DURIAN_REGISTRY_URL": self.registry_url,
            "DURIAN_ALLOWED_NETWORKS": "127.0.0.0/8",
            "DURIAN_SENDER": self._sender,
        }


def _wait_for(condition: object, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    assert callable(condition)
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout_s:g} s")
        pause.wait(_LOOK_EVERY_S)
