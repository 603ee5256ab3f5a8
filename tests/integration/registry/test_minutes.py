"""Attempts are counted per minute and listener as they are written, each of them once."""

from __future__ import annotations

import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from durian.registry.attempt import RESULTS, Attempt
from durian.registry.counts import Counts
from durian.registry.principal import Principal
from durian.registry.store import Store
from tests.support.registry import NOW, attempt, listener, secret

#: The whole of what tests record.
SINCE, UNTIL = NOW - 86_400, NOW + 86_400


def crowd(rng: random.Random, count: int) -> list[Attempt]:
    return [
        attempt(
            f"msg_{number}",
            listener_id=rng.choice(("joe", "ann", "gone")),
            at_ms=round(NOW * 1000) + rng.randrange(600_000),
            latency_ms=rng.choice((0, 5, 6, 50, 4000, 10**9)),
            result=rng.choice(RESULTS),
        )
        for number in range(count)
    ]


def counted(store: Store, listener_id: str | None = None) -> Counts:
    return store.attempt_counts(listener_id, since=SINCE, until=UNTIL)


def results_of(records: Iterable[Attempt]) -> tuple[int, ...]:
    given = [one.result for one in records]
    return tuple(given.count(result) for result in RESULTS)


def test_what_was_written_is_counted(store: Store) -> None:
    seed = random.SystemRandom().randrange(2**32)
    records = crowd(random.Random(seed), 300)
    for start in range(0, 300, 70):
        store.add_attempts(records[start : start + 70])
    store.add_attempts(records[:50])  # that come again

    found = counted(store)
    assert found.results == results_of(records), f"seed {seed}"
    assert found.attempts == sum(found.latencies) == 300
    for name in ("joe", "ann", "gone", "nobody"):
        mine = [one for one in records if one.listener_id == name]
        assert counted(store, name).results == results_of(mine)


def test_spans_are_whole_minutes(store: Store) -> None:
    store.add_attempts(attempt(f"msg_{n}", at_ms=round(NOW * 1000) + n * 30_000) for n in range(9))

    spans = store.attempt_series("joe", since=NOW, until=NOW + 270, step_s=120)
    assert [(span.start - NOW, span.counts.attempts) for span in spans] == [(0, 4), (120, 4)]
    spans = store.attempt_series(since=NOW + 60, until=NOW + 300, step_s=60)
    assert [span.counts.attempts for span in spans] == [2, 2, 2, 1]
    by_listener = store.counts_of_listeners(["joe", "zoe"], since=NOW, until=NOW + 120)
    assert {name: len(found) for name, found in by_listener.items()} == {"joe": 2}


def test_an_owner_is_told_of_their_own_listeners(store: Store) -> None:
    for name, owner in (("joe", "acme"), ("ann", "acme"), ("zoe", "bolt")):
        store.add_listener(listener(name, owner=owner), secret())
        store.add_attempts([attempt(f"msg_{name}", listener_id=name, event_id=name)])
    acme = store.on_behalf(Principal(name="token a", owner="acme"))

    assert counted(acme).attempts == 2
    assert counted(acme, "joe").attempts == 1
    assert counted(acme, "zoe").attempts == 0
    assert [
        span.counts.attempts for span in acme.attempt_series(since=SINCE, until=UNTIL, step_s=60)
    ] == [2]
    assert acme.counts_of_listeners(["joe", "zoe"], since=SINCE, until=UNTIL).keys() == {"joe"}

    assert {one.listener_id for one in acme.list_attempts().attempts} == {"joe", "ann"}
    assert {one.listener_id for one in acme.list_deliveries().attempts} == {"joe", "ann"}
    assert acme.attempts_of("msg_zoe") == acme.attempts_of(event_id="zoe") == []
    assert acme.list_attempts(listener="zoe").attempts == []


def test_attempts_stay_with_who_had_the_listener_then(store: Store) -> None:
    store.add_listener(listener("joe", owner="acme"), secret())
    store.add_attempts([attempt("msg_1")])
    store.update_listener(store.get_listener("joe").replace(owner="bolt"))
    store.add_attempts([attempt("msg_2")])

    for owner, mine in (("acme", "msg_1"), ("bolt", "msg_2")):
        seen = store.on_behalf(Principal(name="x", owner=owner)).list_attempts()
        assert [one.webhook_id for one in seen.attempts] == [mine]


def test_recorders_count_at_once(store: Store) -> None:
    records = [attempt(f"msg_{n}", listener_id=f"l{n % 7}") for n in range(400)]

    def write(mine: list[Attempt]) -> None:
        for start in range(0, len(mine), 40):
            store.add_attempts(mine[start : start + 40])

    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(write, random.Random(n).sample(records, 400)) for n in range(4)]
        for job in jobs:
            job.result(timeout=60)
    assert counted(store).attempts == 400


def test_counts_are_pruned_with_the_attempts(store: Store) -> None:
    start = round(NOW * 1000)
    store.add_attempts(attempt(f"msg_{n}", at_ms=start + n * 60_000) for n in range(4))

    assert store.prune_attempts(before_ms=start + 120_000, keep=10, limit=3) == 3
    assert store.prune_attempts(before_ms=start + 120_000, keep=10, limit=9) == 3
    assert store.prune_attempts(before_ms=start + 120_000, keep=10) == 0
    assert counted(store).attempts == 2


@pytest.mark.parametrize(
    ("latencies", "share", "expected"),
    [
        ((10, 0, 0), 0.5, 2.5),
        ((0, 10, 0), 0.5, 7.5),
        ((50, 45, 5), 0.95, 10),
        ((50, 45, 5), 1.0, 20),
        ((0,) * 15 + (3,), 0.95, 5 * 2**14),
        ((), 0.5, None),
    ],
)
def test_a_quantile_is_told_by_the_buckets(
    latencies: tuple[int, ...], share: float, expected: float | None
) -> None:
    padded = latencies + (0,) * (16 - len(latencies))
    counts = Counts(results=(sum(latencies), 0, 0, 0), latencies=padded)
    assert counts.quantile_ms(share) == expected
    assert counts.success_rate == (1.0 if latencies else None)
