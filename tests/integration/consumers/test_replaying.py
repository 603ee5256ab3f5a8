"""Replays of the archive on each broker, with each registry."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest

from durian.broker import blocking
from durian.broker.port import Address, Broker
from durian.consumers.archive import MARK_HEADER, Archive
from durian.consumers.delivery import Delivery
from durian.consumers.replay_run import WINDOW
from durian.errors import Conflict
from durian.events import Event, amqp
from durian.events.message import Message
from durian.registry.store import Store
from tests.support.archive import NAMES, Scene, ago, asked, events
from tests.support.broker import Inbox, eventually, lose
from tests.support.registry import make_registry, secret


@pytest.fixture
def scene(broker: Broker, registry_url: str) -> Iterator[Scene]:
    make_registry(registry_url)
    with Store.open(registry_url) as store:
        yield Scene(broker, store)


def test_what_a_listener_wants_is_sent_in_the_order_it_arrived(scene: Scene) -> None:
    given = events(600)
    scene.emit(given)

    done = scene.replay(since=ago(3600))

    wanted = [event for event in given if event.data["name"] == "Joe"]
    assert scene.ids() == [event.id for event in wanted]
    assert (done.state, done.seen, done.sent) == ("done", 600, 300)
    found = scene.store.get_replay("r-1")
    assert (found.state, found.seen, found.sent) == ("done", 600, 300)
    assert scene.told[-1] == (600, 600)


def test_it_is_sent_as_the_router_would_send_it(scene: Scene) -> None:
    [event] = events(1)
    scene.emit([event])
    scene.replay()

    [sent] = scene.sent()
    first = Delivery.of("joe", replace(amqp.encode(event), routing_key="joe"))
    assert sent.webhook_id == first.webhook_id
    assert sent.fresh
    assert sent.message.body == event.body
    assert sent.message.content_type == "application/json"
    assert amqp.attributes_of(sent.message) == event.attributes


def test_marks_go_to_the_archive_alone_and_are_no_events(scene: Scene) -> None:
    scene.emit(events(1))
    archive = Archive(scene.broker, NAMES)
    first, second = archive.mark("a"), archive.mark("b")
    scene.add("all", event="#")

    assert scene.routed() == 1
    assert archive.has_mark("a", first)
    assert not archive.has_mark("b", first)
    assert not archive.has_mark("b", second + 100)
    scene.replay(listener_id="all")
    assert scene.ids("all") == ["e0"]
    assert scene.routed() == 1


def test_an_event_that_looks_like_a_mark_is_an_event(scene: Scene) -> None:
    [event] = events(1)
    message = amqp.encode(event)
    scene.publish([replace(message, headers={**message.headers, MARK_HEADER: "r-1"})])

    scene.replay()

    assert scene.ids() == ["e0"]


def test_messages_of_every_kind_have_the_webhook_id_they_had(scene: Scene) -> None:
    """A stream keeps messages in another form than queues do: nothing may get lost in it."""
    structured = {"specversion": "1.0", "id": "s", "source": "/s", "type": "person", "data": {}}
    kinds = [
        Message(body=b"{}", routing_key="person"),
        Message(body=b'{"a":1}', message_id="m", type="person", app_id="shop", timestamp=10**9),
        Message(body=b"plain", content_type="text/plain", message_id="t"),
        Message(body=b"\x00\xff", content_type="application/octet-stream", message_id="b"),
        Message(body=json.dumps(structured).encode(), content_type="application/cloudevents+json"),
        Message(
            body=json.dumps([structured | {"id": f"b{n}"} for n in range(3)]).encode(),
            content_type="application/cloudevents-batch+json",
        ),
        Message(body=b"no event", content_type="application/json"),
        *(amqp.encode(event) for event in events(1, subject="x", extensions={"tenant": "a1"})),
    ]
    scene.add("all", event="#")
    scene.publish(kinds)
    inbox = Inbox()
    scene.broker.consume(NAMES.route, inbox, prefetch=100)
    expected: list[tuple[str, bytes]] = []
    for received in inbox.wait(len(kinds)):
        if received.message.body != b"no event":
            expected += [
                (Delivery.of("all", amqp.encode(event)).webhook_id, event.body)
                for event in amqp.decode(received.message)
            ]

    scene.replay(listener_id="all")

    assert [(one.webhook_id, one.message.body) for one in scene.sent("all")] == expected


def test_later_events_are_left_out_by_their_time(scene: Scene) -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    scene.emit([*events(2, time=late), *events(1, time=early)])
    timeless = Message(body=b'{"name":"Joe"}', type="person", message_id="timeless")
    scene.publish([timeless])

    scene.replay(until=early.timestamp())

    assert scene.ids() == ["e0", "timeless"]


def test_what_comes_after_the_beginning_is_not_part_of_it(scene: Scene) -> None:
    """However long a replay takes: the router sends the newer events."""
    scene.emit(events(4))
    slow = threading.Thread(target=scene.replay, kwargs={"rate_per_s": 2.0})
    slow.start()
    eventually(lambda: any(one.end_offset for one in scene.store.list_replays()))
    scene.emit(events(10, source="/later"))
    slow.join()

    assert scene.ids() == ["e0", "e2"]


def test_a_second_one_is_refused_while_the_first_is_running(scene: Scene) -> None:
    scene.emit(events(10))
    first = threading.Thread(target=scene.replay, kwargs={"rate_per_s": 0.01})
    first.start()
    eventually(lambda: any(one.is_held for one in scene.store.list_replays()))

    with pytest.raises(Conflict, match="Replay r-1 of joe is running"):
        scene.replayer().begin(asked("r-2"))
    with pytest.raises(Conflict, match="Replay r-1 of joe is running"):
        scene.replayer().resume("r-1")

    scene.stop.set()
    first.join()
    assert scene.store.get_replay("r-1").state == "stopped"


def test_a_stopped_one_goes_on_where_it_was(scene: Scene) -> None:
    scene.emit(events(2000))
    stopping = threading.Thread(target=scene.replay, kwargs={"rate_per_s": 500.0})
    stopping.start()
    eventually(lambda: len(scene.told) > 3)
    scene.stop.set()
    stopping.join()
    stopped = scene.store.get_replay("r-1")
    assert stopped.state == "stopped"
    assert 0 < stopped.sent < 1000

    scene.stop.clear()
    scene.emit(events(10, source="/later"))
    done = scene.replayer().resume("r-1")

    assert scene.ids() == [f"e{number}" for number in range(0, 2000, 2)]
    assert (done.state, done.seen, done.sent) == ("done", 2000, 1000)
    with pytest.raises(Conflict, match="Replay r-1 is done"):
        scene.replayer().resume("r-1")


def test_a_preview_sends_nothing(scene: Scene) -> None:
    scene.emit(events(20))

    preview = scene.replayer().preview("joe", since=None, until=None, show=3)

    assert (preview.seen, preview.wanted) == (20, 10)
    assert [event.id for event in preview.first] == ["e0", "e2", "e4"]
    assert scene.store.list_replays() == []
    assert scene.routed() == 20


def test_a_new_listener_has_its_queue_before_anything_is_sent(scene: Scene) -> None:
    scene.emit(events(2))
    scene.store.add_listener(
        scene.store.get_listener("joe").replace(id="new", policy={"ordered": True}), secret()
    )

    scene.replay(listener_id="new")

    assert scene.ids("new") == ["e0"]
    assert blocking.count(scene.broker, NAMES.orphans) == 0


def test_one_that_begins_behind_the_last_event_ends(scene: Scene) -> None:
    """Its own mark may lie before its beginning: it does not wait for the next event."""
    done = scene.replay(since=ago(-2))

    assert (done.state, done.sent) == ("done", 0)


def test_an_unknown_event_of_the_archive_exchange_is_not_sent(scene: Scene) -> None:
    """What did not come as an event was never routed, so it is not replayed."""
    [event] = events(1)
    blocking.publish_all(scene.broker, [(amqp.encode(event), Address(NAMES.archive, "person"))])
    scene.emit([Event(id="real", source="/s", type="person", data={"name": "Joe"})])

    scene.replay()

    assert scene.ids() == ["real"]


def test_a_lost_connection_loses_nothing_of_it(scene: Scene) -> None:
    """What was published and not confirmed is published again; the stream goes on behind it."""
    scene.emit(events(2000))
    going = threading.Thread(target=scene.replay, kwargs={"rate_per_s": 400.0})
    going.start()
    for reached in (3, 6, 9):
        eventually(partial(scene.has_told, reached))
        lose(scene.broker)
    going.join()

    ids = scene.ids()
    assert sorted(set(ids)) == sorted(f"e{number}" for number in range(0, 2000, 2))
    assert len(ids) - 1000 <= 3 * WINDOW
    assert scene.store.get_replay("r-1").sent == 1000
