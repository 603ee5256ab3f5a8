"""What goes on failing is told at once, and then after pauses that double."""

from __future__ import annotations

from durian.broker.rabbit.complaint import FIRST_PAUSE_S, LONGEST_PAUSE_S, Complaint


class Clock:
    at = 1000.0

    def __call__(self) -> float:
        return self.at


def told(complaint: Complaint, clock: Clock, seconds: int) -> list[int]:
    """The seconds at which it is told that something fails, which it does every second."""
    moments = []
    for second in range(seconds):
        if complaint.is_due("away"):
            moments.append(second)
        clock.at += 1
    return moments


def test_pauses_double_up_to_the_longest() -> None:
    clock = Clock()
    first = int(FIRST_PAUSE_S)
    moments = told(Complaint(clock), clock, 3000)
    assert moments[:4] == [0, first, 3 * first, 7 * first]
    assert moments[-1] - moments[-2] == LONGEST_PAUSE_S


def test_something_else_is_told_at_once() -> None:
    complaint = Complaint(Clock())
    assert [complaint.is_due(text) for text in ("away", "refused", "away")] == [True, True, False]


def test_what_fails_anew_is_told_anew() -> None:
    clock = Clock()
    complaint = Complaint(clock)
    told(complaint, clock, 100)
    complaint.end()
    assert told(complaint, clock, 15) == [0, 10]
