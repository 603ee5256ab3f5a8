"""The storm's own parts: a schedule that can be replayed, and a judge that sees what is broken."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace

import pytest

from tests.chaos.promise import IN_FLIGHT, broken, most_duplicates, table
from tests.chaos.recovery import TimedHistory
from tests.chaos.schedule import GAPS_S, HOLDS_S, KINDS, draw
from tests.chaos.storm import Aftermath
from tests.support.history import History, Verdict


def verdict(duplicates: int = 0) -> Verdict:
    """A history of one delivery that came as often as is asked for beyond the first time."""
    history = History()
    history.expect(["/all"], "e1", b"1")
    for _ in range(duplicates + 1):
        history.receive("/all", "e1", "msg_1", b"1")
    return history.verdict()


def aftermath(*faults: str, duplicates: int = 0) -> Aftermath:
    """What a storm leaves that broke nothing."""
    return Aftermath(
        published=300,
        seconds=1.0,
        verdict=verdict(duplicates),
        strays={},
        unrecorded=0,
        restarts=len(faults),
        failures=[],
        faults=Counter(faults),
        recoveries_s=dict.fromkeys(faults, (1.0, 2.0, 6.0)),
        unrecovered=0,
    )


def test_the_same_seed_draws_the_same_faults() -> None:
    assert draw(7, 300) == draw(7, 300)
    assert draw(7, 300) != draw(8, 300)


@pytest.mark.parametrize("seed", range(20))
def test_a_schedule_keeps_its_bounds_and_leaves_no_kind_out(seed: int) -> None:
    faults = draw(seed, 300)
    first = faults[: len(KINDS)]
    assert {(fault.action, fault.target) for fault in first} == set(KINDS)
    assert all(fault.at_s < 300 for fault in faults)
    for before, after in itertools.pairwise(faults):
        assert GAPS_S[0] <= after.at_s - before.at_s <= GAPS_S[1]
    for fault in faults:
        least_s, most_s = HOLDS_S[fault.action]
        assert least_s <= fault.hold_s <= most_s


def test_every_kind_of_fault_has_its_bound() -> None:
    assert set(IN_FLIGHT) == {f"{action} {target}" for action, target in KINDS}


def test_a_storm_that_broke_nothing_keeps_the_promise() -> None:
    assert broken(aftermath("kill router")) == []


def test_duplicates_are_explained_by_the_faults_there_were() -> None:
    assert broken(aftermath(duplicates=1)) == ["1 duplicated beyond what was in flight"]
    assert broken(aftermath("kill recorder", duplicates=1)) != []
    assert broken(aftermath("kill router", duplicates=1)) == []
    two = aftermath("kill router", "kill router")
    assert most_duplicates(two) == 2 * IN_FLIGHT["kill router"]


def test_whatever_is_broken_is_told() -> None:
    lost = History()
    lost.expect(["/all"], "e1", b"1")
    lost.receive("/b", "e2", "msg_2", b"2")
    worst = replace(
        aftermath(),
        verdict=lost.verdict(),
        strays={"durian.orphans": 3},
        failures=[("router", 3, ["away"]), ("router", 1, ["Traceback"])],
        unrecovered=1,
    )
    assert broken(worst) == [
        "1 lost",
        "1 unexpected",
        "1 corrupted",
        "3 strayed",
        "1 without a recovery",
        "1 processes that ended by themselves",
    ]


def test_what_still_waits_when_all_is_quiet_is_stuck() -> None:
    history = History()
    history.expect(["/all"], "e1", b"1")
    history.hold("/all", "e1", b"1")
    assert broken(replace(aftermath(), verdict=history.verdict())) == ["1 still waiting"]


def test_the_table_shows_the_counts_and_the_recoveries() -> None:
    lines = table(aftermath("kill router")).splitlines()
    assert lines[0] == "events published      300  (300 a second)"
    assert "lost                  0" in lines
    assert lines[-1].split() == ["kill", "router", "1", "2.0", "s", "6.0", "s"]


def test_a_fault_is_over_when_an_event_arrives_that_came_after_it() -> None:
    history = TimedHistory()
    history.fault("kill router", 5)
    history.fault("block listener", 5, "/blockable")
    history.receive("/all", "e4", "msg", b"")
    assert history.unrecovered == 2
    history.receive("/all", "e5", "msg", b"")
    assert history.unrecovered == 1
    history.receive("/blockable", "e6", "msg", b"")
    assert history.unrecovered == 0
    assert {kind: len(times) for kind, times in history.recoveries_s.items()} == {
        "kill router": 1,
        "block listener": 1,
    }
