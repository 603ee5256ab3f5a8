"""A process that has started leaves its collector little to do."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from durian.console import garbage


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_is_there_is_not_looked_at_again() -> None:
    kept: list[list[int]] = [[] for _ in range(1000)]
    garbage.settle()
    assert gc.get_freeze_count() > len(kept)
    assert gc.get_count()[2] == 0


def test_cycles_that_come_later_are_still_collected() -> None:
    garbage.settle()
    cycle: list[object] = []
    cycle.append(cycle)
    del cycle
    assert gc.collect() > 0
    assert gc.isenabled()
