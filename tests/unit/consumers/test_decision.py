"""Every outcome has one next step; each row of the table is one of them."""

from __future__ import annotations

import random

import pytest

from durian.consumers.decision import Dead, Decision, Disable, Done, Retry, decide
from durian.consumers.sender import Kind, Outcome
from durian.registry.policy import STANDARD_SCHEDULE_S, Policy

DAY_S = 24 * 3600.0
STEADY = Policy(jitter=0)


def response(status: int, retry_after_s: float | None = None) -> Outcome:
    return Outcome(kind="response", latency_s=0.1, status=status, retry_after_s=retry_after_s)


def failure(kind: Kind) -> Outcome:
    return Outcome(kind=kind, latency_s=0.1, error="it failed")


def step(attempt: int, outcome: Outcome, policy: Policy = STEADY) -> Decision:
    return decide(attempt, outcome, policy, random.Random(1))


@pytest.mark.parametrize("status", range(200, 300))
def test_any_2xx_is_done(status: int) -> None:
    assert step(1, response(status)) == Done()


@pytest.mark.parametrize(
    "status", [status for status in range(100, 1000) if status // 100 != 2 and status != 410]
)
def test_any_other_status_is_tried_again(status: int) -> None:
    assert step(1, response(status)) == Retry(5.0)


@pytest.mark.parametrize("kind", ["timeout", "refused", "dns", "tls", "protocol", "error"])
def test_a_failure_without_a_response_is_tried_again(kind: Kind) -> None:
    assert step(1, failure(kind)) == Retry(5.0)


def test_gone_disables_the_listener_at_any_attempt() -> None:
    assert step(1, response(410)) == Disable("410 Gone")
    assert step(10, response(410)) == Disable("410 Gone")


def test_a_blocked_address_is_dead_at_once() -> None:
    assert step(1, failure("blocked")) == Dead("blocked address")


@pytest.mark.parametrize("attempt", range(1, len(STANDARD_SCHEDULE_S)))
def test_the_wait_after_attempt_n_is_the_one_before_attempt_n_plus_1(attempt: int) -> None:
    assert step(attempt, response(500)) == Retry(float(STANDARD_SCHEDULE_S[attempt]))


@pytest.mark.parametrize("attempt", [10, 11, 1000])
def test_used_up_attempts_are_dead(attempt: int) -> None:
    assert step(attempt, response(500)) == Dead(
        f"{attempt} attempts failed, the last with status 500"
    )


def test_the_last_failure_is_named_when_attempts_are_used_up() -> None:
    policy = Policy(schedule_s=(0,))
    assert step(1, failure("timeout"), policy) == Dead("its only attempt failed with timeout")


def test_used_up_attempts_are_dead_whatever_the_receiver_asks_for() -> None:
    assert isinstance(step(10, response(429, 5)), Dead)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("asked_s", "decision"),
    [
        (None, Retry(5.0)),
        (0.0, Retry(5.0)),
        (4.9, Retry(5.0)),
        (5.0, Retry(5.0)),
        (5.1, Retry(5.1, exact=True)),
        (3600.0, Retry(3600.0, exact=True)),
        (DAY_S, Retry(DAY_S, exact=True)),
        (DAY_S + 1, Retry(DAY_S, exact=True)),
        (99999999999999.0, Retry(DAY_S, exact=True)),
        (float("inf"), Retry(DAY_S, exact=True)),
    ],
)
def test_retry_after_is_a_lower_bound_up_to_a_day(
    status: int, asked_s: float | None, decision: Decision
) -> None:
    assert step(1, response(status, asked_s)) == decision


@pytest.mark.parametrize("status", [301, 400, 408, 500, 502, 504])
def test_retry_after_counts_for_429_and_503_only(status: int) -> None:
    assert step(1, response(status, 3600)) == Retry(5.0)


def test_a_day_of_patience_is_not_cut_by_a_longer_schedule() -> None:
    policy = Policy(schedule_s=(0, 2 * DAY_S), jitter=0)
    assert step(1, response(429, 3 * DAY_S), policy) == Retry(2 * DAY_S)


@pytest.mark.parametrize("jitter", [0.1, 0.5, 1.0])
def test_jitter_spreads_a_wait_evenly_around_it(jitter: float) -> None:
    rng = random.Random(7)
    policy = Policy(schedule_s=(0, 1000), jitter=jitter)
    waits = []
    for _ in range(2000):
        decision = decide(1, response(500), policy, rng)
        assert isinstance(decision, Retry)
        waits.append(decision.after_s)
    assert min(waits) >= 1000 * (1 - jitter)
    assert max(waits) <= 1000 * (1 + jitter)
    assert sum(waits) / len(waits) == pytest.approx(1000, rel=0.05)
    assert max(waits) - min(waits) > 1000 * jitter


def test_chosen_statuses_are_not_tried_again() -> None:
    policy = Policy(no_retry_statuses=frozenset({400, 422}), jitter=0)
    assert step(1, response(422), policy) == Dead("status 422 is not retried")
    assert step(1, response(423), policy) == Retry(5.0)
    assert step(1, failure("timeout"), policy) == Retry(5.0)


def test_gone_and_done_win_over_chosen_statuses() -> None:
    policy = Policy(no_retry_statuses=frozenset({200, 410}))
    assert step(1, response(200), policy) == Done()
    assert step(1, response(410), policy) == Disable("410 Gone")


def test_a_tenant_reads_the_same_words_for_a_guarded_and_a_closed_address() -> None:
    blocked = Outcome(kind="blocked", latency_s=0, error="the address is not public")
    refused = Outcome(kind="refused", latency_s=0, error="connection refused")
    assert blocked.public_error == refused.public_error == "could not connect"
    assert failure("dns").public_error == "it failed"
