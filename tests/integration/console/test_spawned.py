"""A child of a supervisor: another interpreter, which speaks over a pipe."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TypeVar

import pytest

from durian.console import exits
from durian.console.operations import failure
from durian.console.settings import Settings
from durian.console.supervisor import Work
from durian.console.supervisor.spawned import Spawned
from durian.console.supervisor.words import Alive, Failed, Measured
from tests.support import works
from tests.support.cli import look_until

Spawn = Callable[[Work], Spawned]
Said = TypeVar("Said")


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    with ExitStack() as stack:

        def start(work: Work) -> Spawned:
            child = Spawned(work, Settings(metrics_port=0), 3)
            stack.callback(child.kill)
            return child

        yield start


def hear(child: Spawned, kind: type[Said]) -> Said:
    """Wait for a word of a kind."""

    def look() -> Said | None:
        return next((word for word in child.heard() if isinstance(word, kind)), None)

    return look_until(look)


def end_of(child: Spawned) -> int:
    codes: list[int] = []

    def look() -> bool | None:
        codes.extend([] if child.exit_code is None else [child.exit_code])
        return bool(codes) or None

    look_until(look)
    return codes[0]


def test_it_is_alive_again_and_again_and_tells_its_metrics(spawn: Spawn) -> None:
    child = spawn(works.wait)
    told = hear(child, Measured)
    assert "process_resident_memory_bytes" in {family.name for family in told.families}
    for _ in range(2):
        hear(child, Alive)


def test_it_ends_well_when_it_is_asked_to(spawn: Spawn) -> None:
    child = spawn(works.wait)
    hear(child, Alive)
    assert child.exit_code is None
    child.stop()
    assert end_of(child) == 0


def test_ctrl_c_is_not_its_to_understand(spawn: Spawn) -> None:
    child = spawn(works.wait)
    os.kill(child.pid, signal.SIGINT)
    hear(child, Alive)
    os.kill(child.pid, signal.SIGINT)
    hear(child, Alive)
    child.kill()
    assert child.exit_code == -signal.SIGKILL


@pytest.mark.parametrize(
    ("work", "code", "words"),
    [
        (works.lack_a_part, exits.USAGE, r"pycurl is not installed\..*durian\[curl\]"),
        (works.make_a_mistake, exits.FAILED, "LookupError: of a test"),
    ],
)
def test_why_it_cannot_go_on_is_told_and_keeps_its_exit_code(
    spawn: Spawn, work: Work, code: int, words: str
) -> None:
    child = spawn(work)
    said = hear(child, Failed)
    error = failure.from_json(said.told)
    assert exits.code_of(error) == code
    with pytest.raises(type(error), match=words):
        raise error
    assert end_of(child) == exits.FAILED
