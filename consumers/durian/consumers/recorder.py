"""The recorder: writes the attempts that deliveries report to the registry, in batches.

It is the only one that waits for the database. When that is away, the records rest in
`durian.attempts` (bounded, the oldest go first) and deliveries know nothing of it.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import Protocol

from tenacity import (
    RetryError,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_when_event_set,
    wait_random_exponential,
)

from durian.broker.blocking import declare_all
from durian.broker.port import Address, Broker, Received, Subscription
from durian.broker.topology import Topology
from durian.errors import BrokerError, InvalidInput, RegistryError
from durian.registry.attempt import Attempt
from durian.router.invalid import explained

_log = logging.getLogger(__name__)

#: Records written in one transaction at most.
BATCH = 500

#: Records held unacked: a batch being written and the next ones.
PREFETCH = 4 * BATCH

#: Seconds that a record may wait for others to share its transaction.
LINGER_S = 0.2

#: Seconds between two rounds of pruning, and rows a round deletes at most in one transaction.
PRUNE_EVERY_S = 60.0
PRUNE_ROWS = 1000


class AttemptLog(Protocol):
    """The part of the registry's store that the recorder writes."""

    def ping(self) -> None:
        """Make sure that the database answers."""

    def add_attempts(self, attempts: list[Attempt]) -> None:
        """Write records; one that is there already is passed over."""

    def prune_attempts(self, *, before_ms: int, keep: int, limit: int) -> int:
        """Delete at most `limit` records that are too old or too many; return how many."""


class Recorder:
    """Consumes `durian.attempts`. Start it after its broker; stop it before."""

    def __init__(
        self,
        broker: Broker,
        topology: Topology,
        log: AttemptLog,
        *,
        keep_s: float = 30 * 24 * 3600.0,
        keep: int = 10_000_000,
    ) -> None:
        """Make a recorder that keeps records for `keep_s` seconds, and at most `keep` of them."""
        self.written = 0
        self._broker = broker
        self._topology = topology
        self._attempts = log
        self._keep_s = keep_s
        self._keep = keep
        self._waiting: deque[Received] = deque()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._subscription: Subscription | None = None
        self._prune_at = 0.0
        self._thread = threading.Thread(target=self._run, name="durian-recorder", daemon=True)

    def start(self) -> None:
        """Declare the topology and begin. Raises BrokerError when it cannot be declared."""
        declare_all(self._broker, self._topology.house())
        self._resume()
        self._thread.start()

    def stop(self) -> None:
        """Write what is at hand, then stop. Harmless twice."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._give_back()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(PRUNE_EVERY_S)
            # Let a batch gather: a transaction costs the same for one record as for many.
            self._stopping.wait(LINGER_S)
            self._wake.clear()
            try:
                self._write_all()
                self._prune()
            except RegistryError as error:
                self._wait_out(error)

    def _write_all(self) -> None:
        while self._waiting:
            self._write([self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))])

    def _write(self, batch: list[Received]) -> None:
        readable: list[Received] = []
        attempts: list[Attempt] = []
        for received in batch:
            try:
                attempts.append(Attempt.from_json(received.message.body))
                readable.append(received)
            except InvalidInput as error:
                self._set_aside(received, str(error))
        try:
            self._attempts.add_attempts(attempts)
        except RegistryError:
            self._waiting.extendleft(reversed(readable))
            raise
        for received in readable:
            self._broker.ack(received)
        self.written += len(attempts)

    def _set_aside(self, received: Received, reason: str) -> None:
        def done(error: BrokerError | None) -> None:
            if error is None:
                self._broker.ack(received)
            else:
                self._broker.requeue(received)

        message = explained(received.message, reason)
        address = Address(self._topology.invalid, received.message.routing_key)
        self._broker.publish(message, address, done, cause=received)

    def _prune(self) -> None:
        now = self._broker.clock.monotonic()
        if now < self._prune_at:
            return
        before_ms = round((self._broker.clock.now() - self._keep_s) * 1000)
        while not self._stopping.is_set():
            limit = PRUNE_ROWS
            gone = self._attempts.prune_attempts(before_ms=before_ms, keep=self._keep, limit=limit)
            if gone < limit:
                break
        self._prune_at = now + PRUNE_EVERY_S

    def _wait_out(self, error: RegistryError) -> None:
        """Give everything back and wait for the database: nothing may be held for long."""
        _log.warning("recorder.registry_away error=%s", error)
        self._give_back()
        retrying = Retrying(
            retry=retry_if_exception_type(RegistryError),
            wait=wait_random_exponential(multiplier=0.2, max=5.0),
            sleep=sleep_using_event(self._stopping),
            stop=stop_when_event_set(self._stopping),
        )
        try:
            retrying(self._attempts.ping)
        except RetryError:
            return  # told to stop
        _log.info("recorder.resumed")
        self._resume()

    def _resume(self) -> None:
        self._subscription = self._broker.consume(
            self._topology.attempts, self._received, prefetch=PREFETCH
        )

    def _give_back(self) -> None:
        if self._subscription is not None:
            self._subscription.cancel(lambda _error: self._requeue_all())
            self._subscription = None
        self._requeue_all()

    def _requeue_all(self) -> None:
        while self._waiting:
            self._broker.requeue(self._waiting.popleft())

    def _received(self, received: Received) -> None:
        self._waiting.append(received)
        self._wake.set()
