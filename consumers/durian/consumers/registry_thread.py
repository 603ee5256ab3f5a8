"""Asking the registry aside: one thread for all lanes, so that nothing waits for a database.

Neither the broker's loop nor an attempt ever does. Whoever asks is answered on the loop within
PATIENCE_S, if need be that the registry is away.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic, TypeVar

from durian.broker.port import Broker
from durian.errors import DurianError, RegistryUnavailable

_log = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")

#: Seconds that a question may take; then whoever asked goes on without.
PATIENCE_S = 2.0

#: Seconds for which a registry that did not answer is not asked again.
AWAY_S = 5.0


class RegistryThread:
    """Asks one question after the other. Questions are asked, and answered, on the loop."""

    def __init__(
        self, broker: Broker, submit: Callable[[Callable[[], None]], object] | None = None
    ) -> None:
        """Make one; `submit` runs a function elsewhere (default: a thread of its own)."""
        self._broker = broker
        self._pool = ThreadPoolExecutor(1, "durian-registry")
        self._submit = submit or self._pool.submit
        #: Held while a question is asked.
        self._asking = threading.Lock()
        self._away_until = 0.0
        self._stopped = False

    def ask(
        self, question: Callable[[], _Answer], answer: Callable[[_Answer | DurianError], None]
    ) -> None:
        """Run `question` on the thread, then `answer` with what it returned or raised, once."""
        if self._stopped or self._broker.clock.monotonic() < self._away_until:
            error = RegistryUnavailable("The registry did not answer a moment ago.")
            self._broker.call(partial(answer, error))
            return
        asked = _Question(self._broker, question, answer, self._away)
        asked.start()
        self._submit(partial(self._run, asked))

    def stop(self) -> None:
        """Ask nothing more, and wait for the question that is being asked, at most PATIENCE_S.

        Whoever closes the database next takes no connection away from it.
        """
        self._stopped = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._asking.acquire(timeout=PATIENCE_S):
            self._asking.release()

    def _run(self, asked: _Question[_Answer]) -> None:
        with self._asking:
            asked.run()

    def _away(self) -> None:
        now = self._broker.clock.monotonic()
        if now >= self._away_until:
            _log.warning("delivery.registry_away meaning=%s", "lanes go on by themselves")
        self._away_until = now + AWAY_S


class _Question(Generic[_Answer]):
    """One question, and who waits for its answer."""

    def __init__(
        self,
        broker: Broker,
        question: Callable[[], _Answer],
        answer: Callable[[_Answer | DurianError], None],
        away: Callable[[], None],
    ) -> None:
        self._broker = broker
        self._question = question
        self._answer = answer
        self._away = away
        self._answered = False

    def start(self) -> None:
        self._timer = self._broker.call_later(PATIENCE_S, self._give_up)

    def run(self) -> None:
        """Ask; on the thread."""
        if self._answered:
            return  # nobody waits any more
        found: _Answer | DurianError
        try:
            found = self._question()
        except DurianError as error:
            found = error
        except Exception as error:  # noqa: BLE001  # ours: must not end everybody's thread
            _log.exception("delivery.registry_question_failed")
            found = DurianError(f"internal error: {error!r}")
        self._broker.call(partial(self._finish, found))

    def _give_up(self) -> None:
        self._finish(RegistryUnavailable("The registry did not answer in time."))

    def _finish(self, found: _Answer | DurianError) -> None:
        if self._answered:
            return
        self._answered = True
        self._timer.cancel()
        if isinstance(found, RegistryUnavailable):
            self._away()
        self._answer(found)
