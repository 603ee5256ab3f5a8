"""Keeps a number of children at work: starts them, replaces those that end, stops them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from durian.console import exits
from durian.console.metrics.gathered import Metric
from durian.console.operations import failure
from durian.console.supervisor.words import Alive, Failed, Measured, Word
from durian.errors import DurianError

_log = structlog.get_logger("durian.console")

#: Seconds before a child that ended is replaced: doubled when it ends again, up to the longest.
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0

#: Seconds that a child has to be ready before its end counts as the first one again.
STABLE_S = 60.0

#: How often in a row a child may end before it was ready.
MOST_STILLBORN = 5

#: Seconds between two looks at children that are being stopped.
_LOOK_S = 0.05


class KeepsEnding(DurianError):
    """Raised when a process ends again and again before it is ready."""


class Child(Protocol):
    """A process that works for its parent. None of these waits for what it does."""

    @property
    def pid(self) -> int:
        """Its number in the system."""

    @property
    def exit_code(self) -> int | None:
        """None while it runs; a signal that killed it as a negative number."""

    def heard(self) -> Sequence[Word]:
        """What it said since it was asked last."""

    def stop(self) -> None:
        """Ask it to finish what is under way and to end."""

    def kill(self) -> None:
        """End it at once; harmless when it has ended."""


class Told(Protocol):
    """Whom the supervisor tells what is going on."""

    def all_alive(self) -> None:
        """Every child has given a sign of life since this was called last."""

    def measured(self, number: int, families: Sequence[Metric]) -> None:
        """A child told its metrics."""

    def ended(self, number: int) -> None:
        """A child has ended by itself."""


@dataclass(slots=True)
class _Place:
    """The place of one child, and what became of those who had it."""

    number: int
    due_at: float
    child: Child | None = None
    ready_at: float | None = None
    #: Why the child ends, if it said so.
    failure: DurianError | None = None
    #: Ends in a row that came before the child was stable, and before it was even ready.
    ends: int = 0
    stillborn: int = 0


class Supervisor:
    """Looks after children. All is done by the thread that calls."""

    def __init__(
        self,
        count: int,
        start: Callable[[int], Child],
        told: Told,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._start = start
        self._told = told
        self._clock = clock
        self._wait = wait
        self._places = [_Place(number, clock()) for number in range(count)]
        self._alive: set[int] = set()
        self._complete = False

    def turn(self) -> None:
        """Start who is due, hear the others, and take note of those that ended.

        Raises the error of a child that could not start while not all have been ready yet, and
        KeepsEnding when starting one again and again is of no use.
        """
        for place in self._places:
            if place.child is not None:
                self._look_at(place, place.child)
            elif self._clock() >= place.due_at:
                self._fill(place)

    def stop(self, patience_s: float) -> None:
        """Ask all to end, wait for them, and kill those that take longer."""
        for child in self._living():
            child.stop()
        until = self._clock() + patience_s
        while (living := self._living()) and self._clock() < until:
            for child in living:
                child.heard()  # or it would wait for room in the pipe
            self._wait(_LOOK_S)
        for child in living:
            _log.warning("process.killed", pid=child.pid, after_s=patience_s)
        self.kill()

    def kill(self) -> None:
        """End all that are left at once."""
        for child in self._living():
            child.kill()

    def _living(self) -> list[Child]:
        children = [place.child for place in self._places if place.child is not None]
        return [child for child in children if child.exit_code is None]

    def _fill(self, place: _Place) -> None:
        place.ready_at = place.failure = None
        try:
            place.child = self._start(place.number)
        except OSError as error:  # the system has no room for it now
            place.due_at = self._clock() + LONGEST_PAUSE_S
            _log.warning(
                "process.not_started",
                process=place.number,
                error=str(error),
                again_in_s=LONGEST_PAUSE_S,
            )

    def _look_at(self, place: _Place, child: Child) -> None:
        code = child.exit_code  # asked first: whoever has ended says nothing more
        for word in child.heard():
            self._hear(place, child, word)
        if code is not None:
            self._replace(place, child, code)

    def _hear(self, place: _Place, child: Child, word: Word) -> None:
        if isinstance(word, Failed):
            place.failure = failure.from_json(word.told)
        elif isinstance(word, Measured):
            self._told.measured(place.number, word.families)
        else:
            assert isinstance(word, Alive)  # noqa: S101  # there is no other word
            self._note_life(place, child)

    def _note_life(self, place: _Place, child: Child) -> None:
        if place.ready_at is None:
            place.ready_at, place.stillborn = self._clock(), 0
            _log.info("process.ready", process=place.number, pid=child.pid)
        self._alive.add(place.number)
        if len(self._alive) < len(self._places):
            return
        if not self._complete:
            self._complete = True
            _log.info("processes.ready", processes=len(self._places))
        self._told.all_alive()
        self._alive.clear()

    def _replace(self, place: _Place, child: Child, code: int) -> None:
        self._alive.discard(place.number)
        place.child = None
        now = self._clock()
        stable = place.ready_at is not None and now - place.ready_at >= STABLE_S
        place.ends = 1 if stable else place.ends + 1
        place.stillborn += place.ready_at is None
        self._give_up(place, code)
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(place.ends - 1, 16))
        place.due_at = now + pause_s
        self._told.ended(place.number)
        _log.warning(
            "process.ended",
            process=place.number,
            pid=child.pid,
            code=code,
            error=str(place.failure or ""),
            again_in_s=pause_s,
        )

    def _give_up(self, place: _Place, code: int) -> None:
        """Raise an error when it is of no use to start a child again."""
        why = place.failure
        if why is not None and not self._complete:
            raise why
        # A broker or a database that is away comes back: the others wait for it as well.
        away = why is not None and exits.code_of(why) == exits.UNAVAILABLE
        if place.stillborn < MOST_STILLBORN or away:
            return
        raise why or KeepsEnding(
            f"Process {place.number} ended {place.stillborn} times before it was ready, "
            f"at last {f'by signal {-code}' if code < 0 else f'with exit code {code}'}.",
            hint="Its log lines say more, or those of the system when it was killed.",
        )
