"""Replays of the archive: one running for each listener, held by one process, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from durian.errors import Conflict, NotFound
from durian.registry.replay import Replay, new_replay_id
from durian.registry.store import Store
from tests.support.registry import listener, secret

LONG_S = 3600.0

#: A lease that is over when it begins: its holder has died long ago.
OVER_S = -1.0


@pytest.fixture(autouse=True)
def listeners(store: Store) -> None:
    """Two listeners that replays are about."""
    store.add_listeners([(listener(name), secret()) for name in ("joe", "bo")])


def begun(replay_id: str = "r-1", **fields: object) -> Replay:
    given: dict[str, object] = {"id": replay_id, "listener_id": "joe", "holder": "a"}
    return Replay(**given | fields)  # type: ignore[arg-type]  # fields by name


def test_a_replay_is_written_as_it_was_asked_for(store: Store) -> None:
    asked = begun(since=1.5, until=2.5, rate_per_s=10.0)

    added = store.add_replay(asked, LONG_S)

    assert added.is_held
    assert 0 < added.started_at == added.updated_at < added.leased_until
    assert store.get_replay("r-1") == added
    assert replace(added, is_held=False, started_at=0, updated_at=0, leased_until=0) == asked


def test_a_listener_has_one_running_replay(store: Store) -> None:
    store.add_replay(begun(), LONG_S)

    with pytest.raises(Conflict, match="Replay r-1 of joe is running"):
        store.add_replay(begun("r-2"), LONG_S)

    store.add_replay(begun("r-3", listener_id="bo"), LONG_S)
    assert {one.id for one in store.list_replays()} == {"r-1", "r-3"}


def test_of_many_at_the_same_time_one_begins(store: Store) -> None:
    start = threading.Barrier(8)
    refused: list[Conflict] = []

    def begin(number: int) -> None:
        start.wait()
        try:
            store.add_replay(begun(f"r-{number}"), LONG_S)
        except Conflict as error:
            refused.append(error)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 7
    assert len(store.list_replays()) == 1


def test_an_id_is_given_once(store: Store) -> None:
    done = store.add_replay(begun(), LONG_S)
    assert store.save_replay(replace(done, state="done"), LONG_S)

    with pytest.raises(Conflict, match="A replay r-1 exists already"):
        store.add_replay(begun(), LONG_S)


def test_a_replay_needs_its_listener(store: Store) -> None:
    with pytest.raises(NotFound, match="No listener zoe exists"):
        store.add_replay(begun(listener_id="zoe"), LONG_S)
    with pytest.raises(NotFound, match="No replay r-9 exists"):
        store.get_replay("r-9")
    with pytest.raises(NotFound, match="No replay r-9 exists"):
        store.take_replay("r-9", "b", LONG_S)


def test_progress_is_written_by_its_holder_alone(store: Store) -> None:
    held = store.add_replay(begun(), LONG_S)
    further = replace(held, next_offset=7, end_offset=90, seen=6, sent=3)

    assert store.save_replay(further, 2 * LONG_S)
    assert not store.save_replay(replace(further, holder="b", sent=99), LONG_S)

    found = store.get_replay("r-1")
    assert (found.next_offset, found.end_offset, found.seen, found.sent) == (7, 90, 6, 3)
    assert found.leased_until > held.leased_until


def test_a_replay_whose_process_died_is_taken_by_another(store: Store) -> None:
    lost = store.add_replay(begun(), OVER_S)
    assert (lost.state, lost.is_held) == ("running", False)

    taken = store.take_replay("r-1", "b", LONG_S)

    assert (taken.state, taken.holder, taken.is_held) == ("running", "b", True)
    assert not store.save_replay(lost, LONG_S)
    with pytest.raises(Conflict, match="Replay r-1 of joe is running"):
        store.take_replay("r-1", "c", LONG_S)


def test_a_new_replay_ends_one_whose_process_died(store: Store) -> None:
    lost = store.add_replay(begun(), OVER_S)
    store.add_replay(begun("r-2"), LONG_S)

    assert store.get_replay("r-1").state == "stopped"
    assert not store.save_replay(lost, LONG_S)
    with pytest.raises(Conflict, match="Replay r-2 of joe is running"):
        store.take_replay("r-1", "b", LONG_S)


def test_what_was_stopped_or_failed_goes_on_and_what_is_done_does_not(store: Store) -> None:
    held = store.add_replay(begun(), LONG_S)
    assert store.save_replay(replace(held, state="failed", error="away", next_offset=3), LONG_S)
    assert store.get_replay("r-1").error == "away"

    again = store.take_replay("r-1", "b", LONG_S)
    assert (again.state, again.error, again.next_offset) == ("running", "", 3)

    assert store.save_replay(replace(again, state="done"), LONG_S)
    assert not store.get_replay("r-1").is_held
    with pytest.raises(Conflict, match="Replay r-1 is done"):
        store.take_replay("r-1", "b", LONG_S)


def test_replays_are_listed_newest_first(store: Store) -> None:
    for number in range(3):
        held = store.add_replay(begun(f"r-{number}"), LONG_S)
        store.save_replay(replace(held, state="done"), LONG_S)

    assert [one.id for one in store.list_replays("joe", limit=2)] == ["r-2", "r-1"]
    assert store.list_replays("bo") == []


def test_replays_go_with_their_listener_and_are_no_change(store: Store) -> None:
    version = store.version()
    held = store.add_replay(begun(), LONG_S)
    assert store.version() == version

    store.remove_listener("joe")

    assert store.list_replays() == []
    assert not store.save_replay(held, LONG_S)


def test_ids_are_short_and_differ() -> None:
    ids = {new_replay_id() for _ in range(100)}
    assert len(ids) == 100
    assert {len(one) for one in ids} == {8}


def test_a_listener_tells_when_it_was_added_and_changed(store: Store) -> None:
    entry = store.listener_entry("joe")
    assert entry.created_at == entry.updated_at

    store.set_enabled("joe", False)

    later = store.listener_entry("joe")
    assert later.created_at == entry.created_at
    assert later.updated_at > entry.updated_at
    assert later.version > entry.version
    with pytest.raises(NotFound):
        store.listener_entry("zoe")
