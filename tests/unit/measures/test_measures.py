"""What processes count for themselves, whoever reads it."""

from __future__ import annotations

import pytest

from durian.measures import OTHER, Age, Histogram, Tally


def test_a_value_counts_in_the_first_bucket_that_holds_it() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0):
        histogram.observe(value)
    assert histogram.counts == [2, 1, 1]
    assert histogram.total == 12.0


def test_what_strangers_name_without_end_is_counted_together() -> None:
    tally = Tally(most=2)
    for name in ("a", "b", "c", "a", "d"):
        tally.add(name, "x")
    assert tally.read() == {("a", "x"): 2, ("b", "x"): 1, (OTHER, OTHER): 2}


def test_an_age_is_that_of_what_was_taken_last() -> None:
    age = Age()
    assert age.read(100.0) == 0.0
    age.note(40.0, 100.0)
    age.note(90.0, 101.0)
    assert age.read(102.0) == 11.0


def test_nothing_is_behind_once_nothing_comes() -> None:
    age = Age()
    age.note(40.0, 100.0)
    assert age.read(114.0) == 60.0
    assert age.read(116.0) == 0.0


def test_an_age_grows_while_what_was_taken_is_not_done_with() -> None:
    age = Age()
    assert age.read(50.0, busy=True) == 0.0
    age.note(40.0, 100.0)
    assert age.read(400.0, busy=True) == 360.0


@pytest.mark.parametrize("made_at", [200.0, 100.0])
def test_a_clock_that_is_ahead_makes_nothing_negative(made_at: float) -> None:
    age = Age()
    age.note(made_at, 100.0)
    assert age.read(99.0, busy=True) == 0.0
