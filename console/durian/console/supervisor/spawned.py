"""A child in an interpreter of its own."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import get_context

from durian.console.settings import Settings
from durian.console.supervisor import child
from durian.console.supervisor.words import Word

#: Seconds that the system may take to end a process that was killed.
_KILL_S = 10.0


class Spawned:
    """Starts one, and speaks with it over a pipe (implements `Child`)."""

    def __init__(self, work: child.Work, settings: Settings, number: int) -> None:
        # Spawned, not forked: a fork would share locks and connections that it knows nothing of.
        context = get_context("spawn")
        self._line, theirs = context.Pipe()
        # As a daemon it does not outlive a parent that ends by an error.
        self._process = context.Process(
            target=child.main, args=(work, settings, number, theirs), daemon=True
        )
        # The child inherits what is blocked: Ctrl-C, which a terminal sends to all, is the
        # parent's to understand, even while the child's interpreter starts.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()

    @property
    def pid(self) -> int:
        """Its number in the system."""
        return self._process.pid or 0

    @property
    def exit_code(self) -> int | None:
        """None while it runs; a signal that killed it as a negative number."""
        return self._process.exitcode

    def heard(self) -> Sequence[Word]:
        """What it said since it was asked last."""
        words: list[Word] = []
        with suppress(EOFError, OSError):  # it has ended, in the middle of a word perhaps
            while self._line.poll():
                words.append(self._line.recv())
        return words

    def stop(self) -> None:
        """Ask it to finish what is under way and to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.join(_KILL_S)
