"""Jobs: held by the process that works on them, and kept for a month."""

from __future__ import annotations

from typing import Any

import pytest

from durian.errors import NotFound
from durian.registry.job import Job, new_job_id
from durian.registry.job_store import KEEP_S
from durian.registry.principal import Principal
from durian.registry.store import Store


def job(number: int = 1, **fields: Any) -> Job:
    given: dict[str, Any] = {
        "id": f"j-{number}",
        "kind": "dead.replay",
        "target": "listener joe",
        "arguments": {"listener": "joe", "webhook_ids": ["a"]},
        "owner": "acme",
        "holder": "me",
    }
    return Job(**given | fields)


@pytest.fixture
def ann(store: Store) -> Store:
    return store.on_behalf(Principal(name="user ann"))


def test_a_job_goes_on_and_ends(store: Store, ann: Store) -> None:
    begun = ann.add_job(job(), 30)
    assert (begun.actor, begun.state, begun.is_held) == ("user ann", "running", True)
    assert begun.arguments == job().arguments
    assert store.save_job("j-1", "me", done=1, total=3, lease_s=30)
    assert (store.get_job("j-1").done, store.get_job("j-1").total) == (1, 3)

    result = {"count": 3, "missing": ["ü"]}
    store.end_job("j-1", "me", "done", done=3, total=3, result=result)
    ended = store.get_job("j-1")
    assert (ended.state, ended.done, ended.result, ended.is_held) == ("done", 3, result, False)
    assert not store.save_job("j-1", "me", done=9, total=9, lease_s=30)
    assert store.get_job("j-1").done == 3


def test_a_job_that_failed_says_why(store: Store) -> None:
    store.add_job(job(), 30)
    store.end_job("j-1", "me", "failed", done=0, total=0, failure={"error": "NotFound"})
    assert store.get_job("j-1").failure == {"error": "NotFound"}


def test_nobody_else_writes_it(store: Store) -> None:
    store.add_job(job(), 30)
    assert not store.save_job("j-1", "you", done=1, total=1, lease_s=30)
    store.end_job("j-1", "you", "done", done=1, total=1)
    assert store.get_job("j-1").state == "running"


def test_it_is_lost_when_its_holder_falls_silent(store: Store) -> None:
    store.add_job(job(), 0)
    assert not store.get_job("j-1").is_held
    assert store.save_job("j-1", "me", done=1, total=1, lease_s=30)
    assert store.get_job("j-1").is_held


def test_it_is_stopped_by_whoever_works_on_it(store: Store) -> None:
    store.add_job(job(), 30)
    store.stop_job("j-1")
    assert not store.save_job("j-1", "me", done=1, total=1, lease_s=30)
    store.end_job("j-1", "me", "stopped", done=1, total=3)
    assert store.get_job("j-1").state == "stopped"
    with pytest.raises(NotFound, match="j-2"):
        store.stop_job("j-2")


def test_an_owner_has_those_at_their_own_listeners(store: Store) -> None:
    for number, owner in enumerate(("acme", "bolt", None)):
        store.add_job(job(number, owner=owner), 30)
    acme = store.on_behalf(Principal(name="token a", owner="acme"))

    assert [one.id for one in acme.list_jobs().jobs] == ["j-0"]
    for act in (acme.get_job, acme.stop_job):
        with pytest.raises(NotFound):
            act("j-1")


def test_jobs_come_in_pages_and_go_after_a_month(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        store.add_job(job(number, target=f"listener l{number % 2}"), 30)

    page = store.list_jobs(limit=2)
    rest = store.list_jobs(after=page.next, limit=9)
    assert [one.id for one in (*page.jobs, *rest.jobs)] == ["j-4", "j-3", "j-2", "j-1", "j-0"]
    assert rest.next is None
    assert [one.id for one in store.list_jobs(target="listener l1").jobs] == ["j-3", "j-1"]

    later = store.clock() + KEEP_S + 60
    monkeypatch.setattr(store, "_now", lambda: later)
    store.add_job(job(9), 30)
    assert [one.id for one in store.list_jobs().jobs] == ["j-9"]


def test_ids_are_short_and_differ() -> None:
    assert len({new_job_id() for _ in range(100)}) == 100
    assert len(new_job_id()) == 10
