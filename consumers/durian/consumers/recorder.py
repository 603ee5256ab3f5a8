"""The recorder: writes the attempts that deliveries report to the registry, in batches.

It is the only one that waits for the database. When that is away, the records rest in
`durian.attempts` (bounded, the oldest go first) and deliveries know nothing of it. A record is
acked once it is written; one that comes again is written once.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading

from durian.broker.blocking import declare_all, wait
from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.consumers.intake import Intake
from durian.consumers.measures import RecorderMeasures
from durian.consumers.record_writer import BATCH, AttemptLog, RecorderCounts, RecordWriter
from durian.errors import BrokerError, RegistryError

_log = logging.getLogger(__name__)

#: Messages held unacked: a batch being written and the next ones.
PREFETCH = 4 * BATCH

#: Seconds that a record may wait for others to share its transaction.
LINGER_S = 0.2

#: Seconds between two rounds of pruning, and between two transactions of a round, so that writers
#: get their turn; and rows that one transaction deletes at most.
PRUNE_EVERY_S = 60.0
PRUNE_PAUSE_S = 0.1
PRUNE_ROWS = 1000

#: Seconds of the first rest when the database takes no records, and of the longest.
_REST_S = 0.2
_REST_MAX_S = 60.0

#: Seconds that a stop waits for the transaction under way, and for the broker.
_STOP_PATIENCE_S = 30.0


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
        rng: random.Random | None = None,
    ) -> None:
        """Make a recorder that keeps records for `keep_s` seconds, and at most `keep` of them."""
        self._broker = broker
        self._topology = topology
        self._attempts = log
        self._keep_s = keep_s
        self._keep = keep
        self._rng = rng or random.Random()  # noqa: S311  # pauses, not secrets
        self._writer = RecordWriter(broker, topology, log)
        self._intake = Intake(broker, topology, topology.attempts, prefetch=PREFETCH)
        self._prune_at = 0.0
        #: Failures since the last record was written.
        self._failures = 0
        self._resting = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="durian-recorder", daemon=True)

    @property
    def counts(self) -> RecorderCounts:
        """What it has done since it started."""
        return self._writer.counts

    @property
    def measures(self) -> RecorderMeasures:
        """What it measures beside that."""
        return self._writer.measures

    @property
    def resting(self) -> bool:
        """True while the database takes no records."""
        return self._resting

    def start(self) -> None:
        """Declare the topology and begin. Raises BrokerError when it cannot be declared."""
        declare_all(self._broker, self._topology.house())
        self._intake.open()
        self._thread.start()

    def stop(self) -> None:
        """Write what is at hand, give back what cannot be written, and stop. Harmless twice."""
        # 1. Nothing new comes, or a long queue would never let us go.
        with contextlib.suppress(BrokerError):
            wait(self._intake.pause, _STOP_PATIENCE_S)
        # 2. The thread writes what has come, unless the database is away.
        self._stopping.set()
        self._intake.arrived.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_PATIENCE_S)
        # 3. The rest goes back, and acks are on their way.
        with contextlib.suppress(BrokerError):
            wait(self._intake.close, _STOP_PATIENCE_S)

    def turn(self) -> float:
        """Do what there is to do; return the seconds until there is more, if no record comes.

        This is the recorder's whole work: its thread calls it again and again.
        """
        try:
            if self._resting:
                self._attempts.check_attempts()
                self._resting = False
                self._intake.open()
            self._write_all()
            return self._prune()
        except RegistryError as error:
            return self._rest(error)
        except Exception as error:  # noqa: BLE001  # ours: without this thread nothing is recorded
            _log.exception("recorder.failed")
            return self._rest(error)

    def _run(self) -> None:
        while not self._stopping.is_set():
            pause_s = self.turn()
            if self._resting:
                self._stopping.wait(pause_s)
            elif self._intake.arrived.wait(pause_s):
                # Let a batch gather: a transaction costs the same for one record as for many.
                if len(self._intake) < BATCH:
                    self._stopping.wait(LINGER_S)
                self._intake.arrived.clear()
        if not self._resting:
            self.turn()

    def _write_all(self) -> None:
        while batch := self._intake.take(BATCH):
            self._writer.write(batch)
            if self._failures:
                _log.info("recorder.resumed failures=%d", self._failures)
                self._failures = 0
            if len(batch) < BATCH:
                # What has come meanwhile may gather again.
                return

    def _rest(self, error: Exception) -> float:
        """Give everything back for a while: nothing may be held for long."""
        if not self._failures:
            _log.warning("recorder.registry_away error=%s", error)
        self._failures += 1
        self._resting = True
        self._intake.close()
        longest_s = min(_REST_MAX_S, _REST_S * 2.0 ** min(self._failures, 16))
        return longest_s * self._rng.uniform(0.5, 1)

    def _prune(self) -> float:
        now = self._broker.clock.monotonic()
        if now < self._prune_at or self._stopping.is_set():
            return max(0.0, self._prune_at - now)
        before_ms = max(0, round((self._broker.clock.now() - self._keep_s) * 1000))
        try:
            gone = self._attempts.prune_attempts(
                before_ms=before_ms, keep=self._keep, limit=PRUNE_ROWS
            )
        except RegistryError as error:
            # No reason to stop recording: when the database is away, the next record finds out.
            _log.warning("recorder.prune_failed error=%s", error)
            gone = 0
        self.counts.pruned += gone
        pause_s = PRUNE_PAUSE_S if gone >= PRUNE_ROWS else PRUNE_EVERY_S
        self._prune_at = now + pause_s
        return pause_s
