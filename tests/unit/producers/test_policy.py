from __future__ import annotations

import threading

import pytest

from durian.errors import (
    BrokerBlocked,
    BrokerRefused,
    BrokerUnavailable,
    DurianError,
    InvalidSettings,
    PublishRejected,
    QueueMissing,
    Unroutable,
)
from durian.producers import PublishPolicy


class Failing:
    """Fails as told, one error per call, and succeeds when there is none left."""

    def __init__(self, *errors: DurianError) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def no_pauses() -> threading.Event:
    """What ends every pause at once."""
    interrupt = threading.Event()
    interrupt.set()
    return interrupt


def test_what_may_pass_is_tried_again() -> None:
    function = Failing(BrokerUnavailable(), PublishRejected(), BrokerUnavailable())
    assert PublishPolicy(attempts=4).retrying(no_pauses())(function) == "done"
    assert function.calls == 4


def test_the_last_error_is_raised_when_attempts_are_used_up() -> None:
    function = Failing(*[BrokerUnavailable(str(number)) for number in range(9)])
    with pytest.raises(BrokerUnavailable, match="2"):
        PublishPolicy(attempts=3).retrying(no_pauses())(function)
    assert function.calls == 3


@pytest.mark.parametrize(
    "error",
    [BrokerRefused(), BrokerBlocked(), QueueMissing(), Unroutable(), DurianError()],
)
def test_what_does_not_pass_is_raised_at_once(error: DurianError) -> None:
    function = Failing(error)
    with pytest.raises(type(error)):
        PublishPolicy().retrying(no_pauses())(function)
    assert function.calls == 1


def test_no_attempt_begins_after_giving_up() -> None:
    function = Failing(*[BrokerUnavailable()] * 9)
    with pytest.raises(BrokerUnavailable):
        PublishPolicy(give_up_after_s=1e-9).retrying(no_pauses())(function)
    assert function.calls == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("connect_timeout_s", 0),
        ("confirm_timeout_s", -1),
        ("attempts", 0),
        ("attempts", 1.5),
        ("first_pause_s", float("nan")),
        ("give_up_after_s", float("inf")),
    ],
)
def test_a_value_that_bounds_nothing_is_refused(name: str, value: float) -> None:
    with pytest.raises(InvalidSettings) as caught:
        PublishPolicy(**{name: value})  # type: ignore[arg-type]  # the wrong value is the point
    assert caught.value.field == name
