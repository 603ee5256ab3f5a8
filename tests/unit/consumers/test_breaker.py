"""When a breaker opens, how its pauses grow, and when it is hopeless: row by row."""

from __future__ import annotations

import random

import pytest

from durian.consumers.breaker import (
    BreakerRules,
    Run,
    is_failure,
    is_hopeless,
    opened,
    pause_s,
    postponed,
)
from durian.consumers.sender import Kind, Outcome
from durian.registry import OpenBreaker, Policy

NOW = 1_800_000_000.0
STEADY = BreakerRules(jitter=0)
DAY_S = 86_400.0


def rng() -> random.Random:
    return random.Random(1)


def breaker(*, failures: int = 10, failing_since: float = NOW - 60) -> OpenBreaker:
    return OpenBreaker(
        listener_id="joe",
        failing_since=failing_since,
        failures=failures,
        opened_at=NOW,
        next_probe_at=NOW + 10,
    )


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_a_2xx_is_no_failure(status: int) -> None:
    assert not is_failure(Outcome(kind="response", latency_s=0, status=status), Policy())


@pytest.mark.parametrize("status", [100, 301, 400, 401, 404, 410, 422, 429, 500, 502, 503, 599])
def test_any_other_status_is_one(status: int) -> None:
    assert is_failure(Outcome(kind="response", latency_s=0, status=status), Policy())


@pytest.mark.parametrize(
    "kind", ["timeout", "refused", "dns", "tls", "blocked", "protocol", "error"]
)
def test_no_response_is_one_whoevers_fault_it_is(kind: Kind) -> None:
    assert is_failure(Outcome(kind=kind, latency_s=0), Policy())


def test_a_judgement_that_the_policy_foresees_is_none() -> None:
    policy = Policy(no_retry_statuses=frozenset({422}))
    assert not is_failure(Outcome(kind="response", latency_s=0, status=422), policy)
    assert is_failure(Outcome(kind="response", latency_s=0, status=400), policy)
    assert is_failure(Outcome(kind="timeout", latency_s=0), policy)


def test_a_run_begins_with_its_first_failure() -> None:
    run = Run().failed(NOW).failed(NOW + 5).failed(NOW + 9)
    assert run == Run(3, NOW)


@pytest.mark.parametrize(("failures", "opens"), [(1, False), (9, False), (10, True), (11, True)])
def test_it_opens_at_the_tenth_failure_in_a_row(failures: int, opens: bool) -> None:  # noqa: FBT001  # pytest fills it
    found = opened("joe", Run(failures, NOW - 60), NOW, STEADY, rng())
    assert (found is not None) is opens
    assert found is None or found == breaker(failures=failures)


def test_a_deployment_may_be_stricter() -> None:
    assert opened("joe", Run(1, NOW), NOW, BreakerRules(failures=1), rng()) is not None


@pytest.mark.parametrize(
    ("probes", "wait_s"),
    [(0, 10), (1, 20), (2, 40), (3, 80), (4, 160), (5, 320), (6, 600), (7, 600), (10**6, 600)],
)
def test_pauses_double_up_to_ten_minutes(probes: int, wait_s: float) -> None:
    assert pause_s(probes, STEADY, rng()) == wait_s


def test_pauses_vary_by_the_jitter() -> None:
    source = rng()
    waits = [pause_s(3, BreakerRules(jitter=0.25), source) for _ in range(2000)]
    assert 60 <= min(waits) < 62
    assert 98 < max(waits) <= 100
    assert sum(waits) / len(waits) == pytest.approx(80, rel=0.02)


def test_a_failed_probe_makes_the_pause_longer_and_frees_the_claim() -> None:
    before = OpenBreaker(
        listener_id="joe",
        failing_since=NOW - 60,
        failures=12,
        opened_at=NOW - 30,
        next_probe_at=NOW + 70,
        probes=2,
        holder="me",
    )
    assert postponed(before, NOW, STEADY, rng()) == OpenBreaker(
        listener_id="joe",
        failing_since=NOW - 60,
        failures=13,
        opened_at=NOW - 30,
        next_probe_at=NOW + 80,
        probes=3,
        holder="",
    )


@pytest.mark.parametrize(
    ("failing_s", "hopeless"),
    [(0, False), (DAY_S, False), (5 * DAY_S - 1, False), (5 * DAY_S, True), (9 * DAY_S, True)],
)
def test_five_days_without_a_success_are_hopeless(failing_s: float, hopeless: bool) -> None:  # noqa: FBT001  # pytest fills it
    assert is_hopeless(breaker(failing_since=NOW - failing_s), NOW, STEADY) is hopeless
