"""What operators do to what lies in queues, as the command line and a running `durian up` do it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from durian.broker import blocking
from durian.broker.port import Address
from durian.console.operations import catalogue
from durian.console.operations.operation import Context
from durian.consumers.delivery import Delivery, webhook_id_of
from durian.errors import InvalidInput, ListenerUnknown, NotFound
from durian.events import Event, amqp
from durian.registry.principal import Principal
from tests.support.archive import NAMES, Scene, embedded, events
from tests.support.registry import attempt, now_ms


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = embedded(tmp_path)
    yield scene
    scene.broker.stop()
    scene.store.close()


def run(scene: Scene, name: str, **given: object) -> Any:
    ann = scene.store.on_behalf(Principal(name="user ann"))
    context = Context(broker=scene.broker, names=NAMES, store=ann)
    return catalogue.run(name, context, given, lambda _done, _total: None)


def bury(scene: Scene, listener_id: str, count: int = 1) -> None:
    """Give deliveries up."""
    blocking.declare_all(scene.broker, NAMES.dead_letters(listener_id))
    for number in range(count):
        event = amqp.encode(Event(id=f"e{number}", source="/s", type="person"))
        letter = Delivery.of(listener_id, event).given_up("too often", "status 500", 10)
        blocking.publish_all(scene.broker, [(letter, Address(NAMES.dead, listener_id))])


def orphan(scene: Scene, listener_id: str) -> None:
    event = amqp.encode(Event(id="e", source="/s", type="person"))
    blocking.publish_all(scene.broker, [(event, Address(NAMES.orphans, listener_id))])


def test_dead_letters_of_a_removed_listener_are_counted_and_not_sent(scene: Scene) -> None:
    scene.add("bo")
    bury(scene, "joe", 2)
    bury(scene, "bo")
    scene.store.remove_listener("bo")

    assert run(scene, "dead.count") == {"bo": 1, "joe": 2}
    assert [one["event_id"] for one in run(scene, "dead.browse", listener="bo")] == ["e0"]
    with pytest.raises(ListenerUnknown) as caught:
        run(scene, "dead.replay", listener="bo")
    assert "Its dead letters stay" in caught.value.advice
    assert run(scene, "dead.count") == {"bo": 1, "joe": 2}
    assert run(scene, "dead.purge", listener="bo")["count"] == 1


def test_one_event_of_the_archive_is_sent_again_if_it_is_wanted(scene: Scene) -> None:
    scene.emit(events(4))
    scene.store.add_attempts([attempt("msg_9", event_id="gone", at_ms=now_ms())])

    sent = run(scene, "replay.one", listener="joe", event="e2")

    assert scene.ids() == ["e2"]
    assert sent == {
        "event": "e2",
        "listener": "joe",
        "webhook_id": webhook_id_of("/s", "e2", "joe"),
        "warnings": [],
    }
    for event in ("e1", "unheard-of", "gone"):
        with pytest.raises(NotFound, match=f"No event {event} that joe wants") as caught:
            run(scene, "replay.one", listener="joe", event=event)
        assert f"durian explain {event} joe" in caught.value.advice
    with pytest.raises(NotFound) as caught:
        run(scene, "replay.one", listener="joe", event="it's; ls")
    assert """`durian explain 'it'"'"'s; ls' joe`""" in caught.value.advice
    with pytest.raises(ListenerUnknown):
        run(scene, "replay.one", listener="zoe", event="e2")
    assert scene.ids() == ["e2"]


def test_of_several_events_of_an_id_the_one_that_is_wanted_is_sent(scene: Scene) -> None:
    for source, name in (("/a", "Bo"), ("/b", "Joe")):
        scene.emit([Event(id="17", type="person", source=source, data={"name": name})])
    scene.store.add_attempts([attempt("msg_9", event_id="17", event_source="/a", at_ms=now_ms())])

    sent = run(scene, "replay.one", listener="joe", event="17")

    assert sent["webhook_id"] == webhook_id_of("/b", "17", "joe")


@pytest.mark.parametrize(
    ("fields", "state", "verb"),
    [({"enabled": False}, "disabled", "enable"), ({"paused": True}, "paused", "resume")],
)
def test_what_is_sent_again_to_one_that_gets_nothing_now_is_warned_of(
    scene: Scene, fields: dict[str, bool], state: str, verb: str
) -> None:
    until = f"until `durian listeners {verb} joe`."
    warning = f"joe is {state}: what is sent to it rests in its queue {until}"
    bury(scene, "joe")
    scene.emit(events(1))
    scene.store.update_listener(scene.store.get_listener("joe").replace(**fields))
    assert run(scene, "dead.replay", listener="joe")["warnings"] == [warning]
    assert run(scene, "replay.one", listener="joe", event="e0")["warnings"] == [warning]


def test_dead_letters_are_sent_to_a_queue_that_somebody_deleted(scene: Scene) -> None:
    bury(scene, "joe", 2)
    assert run(scene, "dead.replay", listener="joe")["count"] == 2
    assert scene.ids() == ["e0", "e1"]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("dead.browse", {}),
        ("dead.replay", {}),
        ("dead.purge", {}),
        ("orphans.browse", {}),
        ("orphans.replay", {}),
        ("orphans.purge", {}),
        ("replay.begin", {}),
        ("replay.preview", {}),
        ("replay.one", {"event": "e1"}),
    ],
)
def test_a_listener_that_nobody_knows_is_an_error_with_a_near_match(
    name: str, given: dict[str, object], scene: Scene
) -> None:
    with pytest.raises(ListenerUnknown) as caught:
        run(scene, name, listener="jo", **given)
    assert caught.value.advice == "Did you mean joe?"
    with pytest.raises(ListenerUnknown) as caught:
        run(scene, name, listener="quite-another", **given)
    assert caught.value.advice == "`durian listeners list` shows them."


def test_orphans_are_told_by_their_listener(scene: Scene) -> None:
    scene.add("asleep", enabled=False)
    for name in ("joe", "gone", "asleep", "joe"):
        orphan(scene, name)

    found = run(scene, "orphans.count")
    assert (found["total"], found["looked"]) == (4, 4)
    assert found["listeners"] == [
        {"listener": "asleep", "orphans": 1, "state": "disabled"},
        {"listener": "gone", "orphans": 1, "state": "gone"},
        {"listener": "joe", "orphans": 2, "state": "there"},
    ]
    assert len(run(scene, "orphans.browse")) == 4
    assert len(run(scene, "orphans.browse", listener="joe", limit=1)) == 1
    report = run(scene, "orphans.replay")
    assert report == {"count": 3, "kept": {"gone": 1}, "missing": []}
    assert run(scene, "orphans.purge", listener="gone")["count"] == 1
    assert run(scene, "aside.count") == {"orphans": 0, "invalid": 0, "unrouted": 0}


def test_what_sends_or_throws_away_is_in_the_audit_log(scene: Scene) -> None:
    bury(scene, "joe")
    run(scene, "dead.count")
    run(scene, "dead.replay", listener="joe", rate_per_s=1000)
    run(scene, "orphans.purge")
    run(scene, "aside.replay", place="invalid", ids=["abc"])
    run(scene, "replay.begin", listener="joe", id="r-1")

    entries = scene.store.list_audit(limit=4).entries[::-1]
    assert [(one.actor, one.action, one.target) for one in entries] == [
        ("user ann", "dead.replay", "listener joe"),
        ("user ann", "orphans.purge", "orphans"),
        ("user ann", "invalid.replay", "invalid"),
        ("user ann", "replay.begin", "listener joe"),
    ]
    assert entries[0].after == {"rate_per_s": 1000}
    assert entries[2].after == {"ids": ["abc"]}


def test_what_cannot_be_done_is_named(scene: Scene) -> None:
    with pytest.raises(NotFound, match=r"no operation 'dead\.letters'"):
        run(scene, "dead.letters")
    with pytest.raises(InvalidInput, match="limit: must be at least 1"):
        run(scene, "dead.browse", listener="joe", limit=0)
    with pytest.raises(InvalidInput, match="place: must be 'invalid' or 'unrouted'"):
        run(scene, "aside.browse", place="dead")
    with pytest.raises(InvalidInput, match="other: is not a known field"):
        run(scene, "orphans.purge", other=1)
