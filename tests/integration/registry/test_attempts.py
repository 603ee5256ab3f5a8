"""The attempt log, on both databases: written once, asked by every filter, page by page, pruned."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from durian.errors import InvalidInput, RegistryError
from durian.registry.attempt import RESULTS, Attempt
from durian.registry.attempt_query import AttemptPage, Wanted
from durian.registry.store import Store, upgrade
from tests.support.registry import NOW, attempt, listener, secret

T0 = round(NOW * 1000)


def everything(ask: Callable[..., AttemptPage], limit: int, **wanted: object) -> list[Attempt]:
    """Read page by page to the end."""
    found: list[Attempt] = []
    after: str | None = None
    while True:
        page = ask(after=after, limit=limit, **wanted)
        assert len(page.attempts) <= limit
        found += page.attempts
        if page.next is None:
            return found
        assert len(page.attempts) == limit
        after = page.next


def crowd(rng: random.Random, count: int) -> list[Attempt]:
    """Records of a few deliveries, many of them ended in the same millisecond."""
    found: dict[tuple[str, int, int], Attempt] = {}
    while len(found) < count:
        name, number = rng.choice("abcdefgh"), rng.randrange(1, 5)
        one = attempt(
            f"msg_{name}",
            listener_id=f"l{ord(name) % 3}",
            event_id=f"e{ord(name) % 4}",
            event_type=f"t{ord(name) % 2}",
            number=number,
            at_ms=T0 + rng.randrange(40),
            result=rng.choice(RESULTS),
            status=rng.choice([None, 200, 503]),
        )
        found[one.webhook_id, one.number, one.at_ms] = one
    return rng.sample(list(found.values()), count)


def fits(one: Attempt, wanted: Wanted) -> bool:
    """What the filters mean, said in Python."""
    return (
        wanted.get("listener") in (None, one.listener_id)
        and wanted.get("event_id") in (None, one.event_id)
        and wanted.get("event_type") in (None, one.event_type)
        and wanted.get("result") in (None, one.result)
        and wanted.get("status") in (None, one.status)
        and one.at_ms >= (wanted.get("since_ms") or 0)
        and one.at_ms < (wanted.get("until_ms") or 2**53)
    )


QUESTIONS: list[Wanted] = [
    {},
    {"listener": "l1"},
    {"event_id": "e2"},
    {"event_type": "t0"},
    {"result": "dead"},
    {"status": 503},
    {"since_ms": T0 + 10, "until_ms": T0 + 30},
    {"listener": "l2", "result": "retry", "status": 200},
    {"event_id": "e1", "listener": "l2"},
    {"listener": "nobody"},
    {"listener": None, "status": None},
]


@pytest.mark.parametrize("wanted", QUESTIONS, ids=str)
def test_attempts_are_found_newest_first(store: Store, wanted: Wanted) -> None:
    seed = random.SystemRandom().randrange(2**32)
    records = crowd(random.Random(seed), 120)
    store.add_attempts(records)

    for limit in (1, 7, 1000):
        found = everything(store.list_attempts, limit, **wanted)
        assert [one.at_ms for one in found] == sorted((o.at_ms for o in found), reverse=True)
        assert sorted(map(repr, found)) == sorted(
            repr(one) for one in records if fits(one, wanted)
        ), f"seed {seed}"


@pytest.mark.parametrize("wanted", QUESTIONS, ids=str)
def test_a_delivery_is_found_by_its_latest_attempt(store: Store, wanted: Wanted) -> None:
    seed = random.SystemRandom().randrange(2**32)
    records = crowd(random.Random(seed), 120)
    store.add_attempts(records)
    latest: dict[str, Attempt] = {}
    for one in sorted(records, key=lambda one: (one.at_ms, one.number)):
        latest[one.webhook_id] = one

    for limit in (1, 3, 1000):
        found = everything(store.list_deliveries, limit, **wanted)
        assert [one.at_ms for one in found] == sorted((o.at_ms for o in found), reverse=True)
        assert sorted(map(repr, found)) == sorted(
            repr(one) for one in latest.values() if fits(one, wanted)
        ), f"seed {seed}"


def test_a_record_is_written_once(store: Store) -> None:
    first, second = attempt(number=1), attempt(number=2)
    store.add_attempts([first, first])
    store.add_attempts([second, first])
    store.add_attempts([])

    assert store.list_attempts().attempts == [second, first]


def test_a_replay_starts_counting_again_and_is_another_attempt(store: Store) -> None:
    given_up = attempt(number=1, result="dead", at_ms=T0)
    replayed = attempt(number=1, at_ms=T0 + 1)
    store.add_attempts([given_up, replayed])

    assert store.attempts_of("msg_1") == [given_up, replayed]
    assert store.list_deliveries().attempts == [replayed]


def test_it_is_no_change_of_the_registry(store: Store) -> None:
    store.add_listener(listener("joe"), secret())
    store.add_attempts([attempt()])
    store.prune_attempts(before_ms=T0 + 1, keep=1)

    assert store.version() == 1
    assert [page.version for page in store.stream(1)] == [1]


def test_a_listener_that_is_gone_keeps_its_attempts(store: Store) -> None:
    store.add_listener(listener("joe"), secret())
    store.add_attempts([attempt()])
    store.remove_listener("joe")

    assert store.list_attempts(listener="joe").attempts == [attempt()]


def test_the_history_of_a_delivery_is_in_order(store: Store) -> None:
    mine = [attempt(number=n, at_ms=T0 + n, result="retry", status=500) for n in range(1, 6)]
    ann = attempt("msg_2", listener_id="ann", at_ms=T0 + 3)
    other = attempt("msg_3", event_id="2", at_ms=T0 + 4)
    store.add_attempts([*mine[::-1], ann, other])

    assert store.attempts_of("msg_1") == mine
    assert store.attempts_of("msg_1", limit=2) == mine[-2:]
    assert store.attempts_of(event_id="1", listener="joe") == mine
    assert store.attempts_of(event_id="1") == [*mine[:3], ann, *mine[3:]]
    assert store.attempts_of("msg_0") == store.attempts_of(event_id="0") == []


def test_a_check_leaves_nothing_behind(store: Store) -> None:
    store.check_attempts()

    assert store.list_attempts().attempts == []


def test_a_check_finds_a_table_that_is_gone(store: Store) -> None:
    with store._database.locked() as connection:
        connection.exec_driver_sql("DROP TABLE durian_attempts")

    with pytest.raises(RegistryError, match="durian_attempts"):
        store.check_attempts()


#: What a server says of every write that was not promoted after a failover.
READ_ONLY = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE read_only_sql_transaction USING MESSAGE = 'read-only'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON durian_attempts EXECUTE FUNCTION refuse();
"""


@pytest.mark.postgres
def test_a_check_finds_a_database_that_only_answers(postgres_url: str) -> None:
    upgrade(postgres_url)
    with Store.open(postgres_url) as store:
        with store._database.locked() as connection:
            connection.exec_driver_sql(READ_ONLY)

        store.ping()
        with pytest.raises(RegistryError, match="read-only"):
            store.check_attempts()


def test_a_page_stays_in_its_place_while_records_come(store: Store) -> None:
    store.add_attempts([attempt(f"msg_{n}", at_ms=T0 + n) for n in range(4)])
    page = store.list_attempts(limit=2)
    store.add_attempts([attempt("msg_new", at_ms=T0 + 9)])

    rest = store.list_attempts(after=page.next, limit=9)
    assert [one.at_ms - T0 for one in (*page.attempts, *rest.attempts)] == [3, 2, 1, 0]
    assert rest.next is None


def test_a_place_that_is_none_is_refused(store: Store) -> None:
    for ask in (store.list_attempts, store.list_deliveries):
        with pytest.raises(InvalidInput, match="after"):
            ask(after="yesterday")


def test_what_is_too_old_or_too_many_goes_in_small_batches(store: Store) -> None:
    store.add_attempts([attempt(f"msg_{n}", at_ms=T0 + n) for n in range(10)])

    assert store.prune_attempts(before_ms=0, keep=10, limit=5) == 0
    assert store.prune_attempts(before_ms=T0 + 3, keep=10, limit=2) == 2
    assert store.prune_attempts(before_ms=T0 + 3, keep=10, limit=2) == 1
    assert [one.at_ms - T0 for one in store.list_attempts().attempts] == [9, 8, 7, 6, 5, 4, 3]
    assert store.prune_attempts(before_ms=T0 + 3, keep=4, limit=2) == 2
    assert store.prune_attempts(before_ms=T0 + 7, keep=4, limit=9) == 2
    assert [one.at_ms - T0 for one in store.list_attempts().attempts] == [9, 8, 7]
    assert store.prune_attempts(before_ms=T0 + 99, keep=9) == 3
    assert store.prune_attempts(before_ms=T0 + 99, keep=9) == 0


def test_recorders_may_write_and_prune_at_once(store: Store) -> None:
    """The same records in different orders, and the same old ones to delete."""
    seed = random.SystemRandom().randrange(2**32)
    rng = random.Random(seed)
    old = [attempt(f"msg_old{n}", at_ms=T0 - n - 1) for n in range(200)]
    new = [attempt(f"msg_{n}", at_ms=T0 + n) for n in range(200)]
    store.add_attempts(old)

    def work(mine: list[Attempt]) -> None:
        for start in range(0, len(mine), 20):
            store.add_attempts(mine[start : start + 20])
            store.prune_attempts(before_ms=T0, keep=10_000, limit=30)

    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(work, rng.sample(new, len(new))) for _ in range(4)]
        for job in jobs:
            job.result(timeout=60)

    found = everything(store.list_attempts, 50)
    assert found == new[::-1], f"seed {seed}"


TEXT = st.text(max_size=20)

#: Fields as the reader lets them through, their numbers and lengths at the limit among them.
FIELDS = st.fixed_dictionaries(
    {
        "listener_id": TEXT,
        "event_id": TEXT | st.just("\U0001f600" * 255),
        "event_type": TEXT,
        "number": st.integers(1, 2**31 - 1),
        "at_ms": st.integers(0, 2**53 - 1),
        "latency_ms": st.integers(0, 2**53 - 1),
        "result": st.sampled_from(RESULTS),
        "status": st.none() | st.integers(0, 999),
        "next_at_ms": st.none() | st.integers(0, 2**53 - 1),
        "error": TEXT,
        "response_body": TEXT,
    }
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=FIELDS)
@example(fields={"response_body": "\x00 \x1b[31m \u202e"})
def test_every_record_that_can_be_read_can_be_stored(
    store: Store, fields: dict[str, object]
) -> None:
    """Also with what receivers like to send, such as NUL."""
    record = Attempt.from_json(attempt(f"msg_{uuid4()}", **fields).to_json())
    store.add_attempts([record])

    clean: dict[str, Any] = {
        name: value.replace("\x00", "\ufffd") if isinstance(value, str) else value
        for name, value in asdict(record).items()
    }
    assert store.attempts_of(record.webhook_id) == [Attempt(**clean)]
