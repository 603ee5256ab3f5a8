"""Explaining events: found in the archive or the log, and looked for in the queues."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from durian.broker import blocking
from durian.broker.memory import MemoryBroker
from durian.broker.port import Address, Broker
from durian.broker.rabbit import RabbitBroker
from durian.console.explain.gather import NEAR_MOST
from durian.console.operations import catalogue
from durian.console.operations.operation import Context
from durian.consumers.delivery import Delivery, webhook_id_of
from durian.errors import InvalidInput, NotFound
from durian.events import Event, amqp
from durian.events.message import Message
from durian.registry import OpenBreaker
from durian.registry.attempt import Attempt
from durian.registry.store import Store
from durian.router.invalid import explained
from tests.support.archive import NAMES, Scene
from tests.support.broker import eventually
from tests.support.registry import attempt, make_registry, now_ms


@pytest.fixture(params=["memory", pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    one: Broker
    if request.param == "memory":
        one = MemoryBroker()
    else:
        one = RabbitBroker(request.getfixturevalue("amqp_url"))
    one.start()
    yield one
    one.stop()


@pytest.fixture
def scene(broker: Broker, tmp_path: Path) -> Iterator[Scene]:
    """Joe wants persons called Joe."""
    url = f"sqlite:///{tmp_path}/durian.db"
    make_registry(url)
    with Store.open(url) as store:
        yield Scene(broker, store)


def explain(scene: Scene, event_id: str, listener: str | None = None, **given: Any) -> Any:
    context = Context(broker=scene.broker, names=NAMES, store=scene.store)
    asked = {"event": event_id, "listener": listener, **given}
    return catalogue.run("explain", context, asked, lambda _done, _total: None)


def one(scene: Scene, event_id: str, listener: str = "joe", **given: Any) -> Any:
    """What there is to say of one listener."""
    [found] = explain(scene, event_id, listener, **given)["listeners"]
    return found


def emitted(scene: Scene, name: str = "Joe", **fields: Any) -> Event:
    """An event with an id of Durian's own, which tells when it was made."""
    event = Event(**({"type": "person", "source": "/s", "data": {"name": name}} | fields))
    scene.emit([event])
    return event


def tried(scene: Scene, event: Event, listener: str = "joe", **fields: Any) -> Attempt:
    """An attempt of the event that was recorded just now."""
    given = {
        "event_id": event.id,
        "event_source": event.source,
        "listener_id": listener,
        "at_ms": now_ms(),
    }
    webhook_id = webhook_id_of(event.source, event.id, listener)
    record = attempt(webhook_id, **(given | fields))
    scene.store.add_attempts([record])
    return record


def test_an_event_is_found_among_others_by_its_id(scene: Scene) -> None:
    emitted(scene)
    event = emitted(scene, "Bo", subject="x")
    emitted(scene)

    found = explain(scene, event.id, "joe")

    assert found["event"]["found"] == "archive"
    assert found["event"]["attributes"] == event.attributes
    [joe] = found["listeners"]
    assert (joe["place"], joe["by_type"], joe["by_filter"]) == ("unwanted", True, False)
    assert joe["failed"] == ['name is "Joe", found "Bo"']


def test_an_event_with_any_other_id_is_looked_for_a_day_back(scene: Scene) -> None:
    emitted(scene, id="order 17/4")
    assert one(scene, "order 17/4")["by_filter"] is True


def test_who_was_tried_and_where_it_is(scene: Scene) -> None:
    event = emitted(scene)
    tried(scene, event, result="retry", status=500, next_at_ms=now_ms() + 60_000)

    joe = one(scene, event.id)
    assert joe["place"] == "delayed"
    assert [each["status"] for each in joe["attempts"]] == [500]

    tried(scene, event, number=2)
    assert one(scene, event.id)["place"] == "delivered"


def test_a_dead_letter_is_found_by_looking_through_them(scene: Scene) -> None:
    others = [emitted(scene) for _ in range(5)]
    event = emitted(scene)
    blocking.declare_all(scene.broker, NAMES.dead_letters("joe"))
    for each in (*others, event):
        dead = Delivery.of("joe", amqp.encode(each)).given_up("too often", "status 500", 10)
        blocking.publish_all(scene.broker, [(dead, Address(NAMES.dead, "joe"))])

    joe = one(scene, event.id)

    assert (joe["place"], joe["dead_letters"]) == ("dead", 6)
    assert "too often" in joe["because"][0]
    assert webhook_id_of("/s", event.id, "joe") in joe["next"]
    eventually(lambda: blocking.count(scene.broker, NAMES.dead_queue("joe")) == 6)


def test_what_lies_in_the_queue_of_a_failing_listener_rests(scene: Scene) -> None:
    event = emitted(scene)
    scene.replay()
    assert one(scene, event.id)["place"] == "queued"

    now = time.time()
    scene.store.open_breaker(
        OpenBreaker(
            listener_id="joe",
            failing_since=now,
            failures=10,
            opened_at=now,
            next_probe_at=now + 60,
        )
    )
    joe = one(scene, event.id)
    assert (joe["place"], joe["ready"]) == ("resting", 1)


def test_a_listener_that_came_later_has_missed_it(scene: Scene) -> None:
    event = emitted(scene)
    scene.add("late")
    late = one(scene, event.id, "late")
    assert late["place"] == "missed"
    assert "durian replay --listener late" in late["next"]


def test_a_removed_listener_is_told_from_one_that_never_was(scene: Scene) -> None:
    event = emitted(scene)
    tried(scene, event, result="retry", status=500)
    scene.store.remove_listener("joe")

    assert one(scene, event.id)["place"] == "removed"
    with pytest.raises(NotFound, match="No listener zoe exists"):
        explain(scene, event.id, "zoe")


def test_an_event_of_the_log_alone_is_judged_by_its_attempts(scene: Scene) -> None:
    event = Event(type="person", source="/s")
    tried(scene, event, result="dead", status=500, reason="10 attempts failed")

    found = explain(scene, event.id, "joe")

    assert found["event"]["found"] == "attempts"
    [joe] = found["listeners"]
    assert (joe["by_type"], joe["by_filter"], joe["place"]) == (True, None, "gone")


def test_one_line_for_each_that_it_concerns_and_the_others_counted(scene: Scene) -> None:
    scene.add("all", event="#")
    scene.add("orders", event="order.*")
    scene.add("asleep", enabled=False)
    scene.add("picky", filter='{"name":"Zoe"}')
    scene.add("former", filter='{"name":"Zoe"}')
    event = emitted(scene)
    tried(scene, event, "all")
    tried(scene, event, "former", result="retry", status=500)
    tried(scene, event, "gone")
    tried(scene, event, "foreign", event_source="/another")

    found = explain(scene, event.id)

    places = {each["listener"]: each["place"] for each in found["listeners"]}
    assert places.keys() == {"joe", "all", "former", "gone"}
    assert places["all"] == places["gone"] == "delivered"
    assert found["others"] == {"type": 1, "disabled": 1, "filter": 1}

    everyone = explain(scene, event.id, everyone=True)
    assert everyone["others"] == {}
    places = {each["listener"]: each["place"] for each in everyone["listeners"]}
    assert places["orders"] == places["picky"] == "unwanted"


def test_when_nobody_wants_it_it_is_told_why_each_does_not(scene: Scene) -> None:
    scene.add("orders", event="order.*")
    scene.add("asleep", enabled=False)
    scene.store.remove_listener("joe")
    scene.add("picky", filter='{"name":"Zoe"}')
    event = emitted(scene)

    found = explain(scene, event.id)

    told = {each["listener"]: each["because"] for each in found["listeners"]}
    assert told.keys() == {"asleep", "picky"}
    assert 'name is "Zoe"' in " ".join(told["picky"])
    assert found["others"] == {"type": 1}

    for number in range(NEAR_MOST):
        scene.add(f"picky-{number}", filter='{"name":"Zoe"}')
    many = explain(scene, event.id)
    assert (many["listeners"], many["others"]["filter"]) == ([], NEAR_MOST + 1)


def test_an_event_nobody_knows_is_an_error_that_says_what_to_try(scene: Scene) -> None:
    for _ in range(3):
        emitted(scene)
    with pytest.raises(NotFound, match="No event unheard-of is in the archive") as caught:
        explain(scene, "unheard-of")
    assert "--since" in caught.value.advice
    with pytest.raises(InvalidInput, match="since: is not in the past"):
        explain(scene, "unheard-of", since_ms=4_000_000_000_000)


def test_an_orphan_is_found_among_them(scene: Scene) -> None:
    event = emitted(scene)
    tried(scene, event, "former", result="retry", status=500)
    for name in ("joe", "former"):
        orphan = Delivery.of(name, amqp.encode(event)).tried("status 500", 10)
        blocking.publish_all(scene.broker, [(orphan, Address(NAMES.deliver, name))])

    found = {each["listener"]: each for each in explain(scene, event.id)["listeners"]}
    assert {name: each["place"] for name, each in found.items()} == {
        "joe": "orphaned",
        "former": "orphaned",
    }
    eventually(lambda: blocking.count(scene.broker, NAMES.orphans) == 2)
    assert one(scene, event.id)["next"].endswith("sends it again.")


def test_an_event_that_was_set_aside_is_found_by_any_of_its_names(scene: Scene) -> None:
    readable = emitted(scene)
    batch = b'[{"specversion":"1.0","id":"b1"},{"id":"b2"}]'
    messages = [
        amqp.encode(readable),
        Message(body=b"{", headers={"cloudEvents:id": "h1"}, message_id="m1"),
        Message(body=batch, content_type="application/cloudevents-batch+json"),
    ]
    for message in messages:
        aside = explained(replace(message, exchange=NAMES.events), "a fault of ours", 10.0)
        blocking.publish_all(scene.broker, [(aside, Address(NAMES.invalid, "person"))])

    def found(name: str, listener: str | None = None) -> Any:
        eventually(lambda: blocking.count(scene.broker, NAMES.invalid) == len(messages))
        return explain(scene, name, listener)

    for name in ("h1", "m1", "b1", "b2"):
        answer = found(name)
        assert answer["event"]["found"] == "invalid"
        assert "a fault of ours" in answer["event"]["because"][0]
        assert answer["listeners"] == []
    assert found("m1", "joe")["listeners"][0]["place"] == "invalid"

    answer = found(readable.id)
    assert (answer["event"]["found"], answer["event"]["type"]) == ("invalid", "person")
    [joe] = answer["listeners"]
    assert (joe["listener"], joe["place"]) == ("joe", "invalid")


def test_an_id_of_long_ago_is_not_looked_for_to_the_end(scene: Scene) -> None:
    """Behind two hundred events that are an hour later, nobody expects it any more."""
    scene.emit([Event(type="person", source="/s") for _ in range(500)])
    last = Event(id="01890000-0000-7000-8000-000000000000", type="person", source="/s")
    scene.emit([last])

    with pytest.raises(NotFound):
        explain(scene, last.id)
    found = explain(scene, last.id, since_ms=now_ms() - 60_000)
    assert found["event"]["id"] == last.id


def test_an_event_without_a_time_is_not_told_one(scene: Scene) -> None:
    plain = Message(body=b'{"name": "Joe"}', content_type="application/json")
    scene.publish([replace(plain, message_id="p1")])

    found = explain(scene, "p1", "joe")

    assert found["event"]["time"] is None
    assert "time" not in found["event"]["attributes"]
    [joe] = found["listeners"]
    assert joe["place"] == "queued", "it waits for the router, and was not missed"


def test_events_without_a_time_do_not_end_the_search(scene: Scene) -> None:
    plain = Message(body=b'{"name": "Joe"}', content_type="application/json")
    scene.publish(replace(plain, message_id=f"p{number}") for number in range(300))
    last = Event(id="01890000-0000-7000-8000-000000000000", type="person", source="/s")
    scene.emit([last])

    assert explain(scene, last.id)["event"]["id"] == last.id


def test_nobody_at_work_is_told_where_a_delivery_waits_for_them(scene: Scene) -> None:
    event = emitted(scene)
    assert "No router is at work" in one(scene, event.id)["next"]
    scene.replay()
    assert "Nobody consumes its queue" in one(scene, event.id)["next"]
