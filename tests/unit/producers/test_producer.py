from __future__ import annotations

from collections.abc import Iterator

import pytest

from durian.errors import (
    BrokerError,
    BrokerUnavailable,
    DurianError,
    InvalidEvent,
    InvalidSettings,
    Unroutable,
)
from durian.events import Event
from durian.producers import PartlyEmitted, Producer, PublishPolicy
from durian.registry import HookSpec
from tests.support.links import FakeLink

#: Quick to try again and to give up.
POLICY = PublishPolicy(attempts=3, first_pause_s=1e-9, longest_pause_s=1e-9)

PERSON = HookSpec(name="person", schema={"type": "object", "required": ["name"]})


def test_what_emit_is_given_becomes_an_event(links: list[FakeLink]) -> None:
    links.append(FakeLink())
    with Producer("amqp://x", source="/shop") as producer:
        event = producer.emit("person", {"name": "Joe"}, subject="joe")
    assert links[0].published[0].event is event
    assert (event.type, event.data, event.subject) == ("person", {"name": "Joe"}, "joe")
    assert event.source == "/shop"


def test_an_event_is_published_as_it_is(links: list[FakeLink]) -> None:
    links.append(FakeLink())
    given = Event(type="person", data={"name": "Joe"})
    with Producer("amqp://x") as producer:
        assert producer.emit(given) is given
    assert links[0].published[0].event is given


def test_the_source_of_one_event_can_be_another(links: list[FakeLink]) -> None:
    links.append(FakeLink())
    with Producer("amqp://x", source="/shop") as producer:
        assert producer.emit("person", source="/other").source == "/other"


def test_a_fault_is_survived_with_the_same_event(links: list[FakeLink]) -> None:
    links += [FakeLink(breaks_at=0), FakeLink(rejects=[0]), FakeLink()]
    with Producer("amqp://x", policy=POLICY) as producer:
        event = producer.emit("person", {"name": "Joe"})
    # The link that rejected still works, so the event went out on it twice.
    assert [o.event for o in links[1].published] == [event, event]


def test_when_no_attempt_helps_the_last_error_is_raised(links: list[FakeLink]) -> None:
    links += [FakeLink(breaks_at=0)]
    with Producer("amqp://x", policy=POLICY) as producer, pytest.raises(BrokerUnavailable) as e:
        producer.emit("person")
    assert e.value.message == "no broker."


def test_an_event_that_is_not_what_its_hook_says_is_not_published(links: list[FakeLink]) -> None:
    with Producer("amqp://x", hooks={"person": PERSON}) as producer:
        with pytest.raises(InvalidEvent, match="name"):
            producer.emit("person", {"nickname": "Joe"})
        links.append(FakeLink())
        producer.emit("person", {"name": "Joe"})
        producer.emit("order", {"nickname": "any"})
    assert [o.event.type for o in links[0].published] == ["person", "order"]


def test_hooks_can_be_a_function(links: list[FakeLink]) -> None:
    def no_orders(event: Event) -> None:
        if event.type == "order":
            raise InvalidEvent("type", "is order")

    links.append(FakeLink())
    with Producer("amqp://x", hooks=no_orders) as producer:
        producer.emit("person")
        with pytest.raises(InvalidEvent, match="is order"):
            producer.emit("order")


def test_emit_many_tells_how_many(links: list[FakeLink]) -> None:
    links.append(FakeLink())
    with Producer("amqp://x") as producer:
        assert producer.emit_many(Event(type="person") for _ in range(7)) == 7
        assert producer.emit_many([]) == 0


def test_a_long_import_outlives_more_faults_than_one_event_would(links: list[FakeLink]) -> None:
    given = [Event(type="person") for _ in range(2000)]
    links += [FakeLink(breaks_at=600) for _ in range(10)] + [FakeLink()]
    with Producer("amqp://x", policy=POLICY) as producer:
        assert producer.emit_many(given) == 2000
    assert {o.event.id for link in links for o in link.published} == {e.id for e in given}


def test_emit_many_tells_what_was_not_confirmed(links: list[FakeLink]) -> None:
    links.append(FakeLink(returns=[1]))
    given = [Event(type="person") for _ in range(3)]
    with Producer("amqp://x") as producer, pytest.raises(PartlyEmitted) as caught:
        producer.emit_many(given)
    assert isinstance(caught.value, DurianError)
    assert isinstance(caught.value.__cause__, Unroutable)
    assert (caught.value.confirmed, caught.value.unconfirmed) == (2, (given[1],))


def test_what_was_not_confirmed_can_be_emitted_again(links: list[FakeLink]) -> None:
    given = [Event(type="person") for _ in range(900)]
    links.append(FakeLink(breaks_at=700))
    with Producer("amqp://x", policy=POLICY) as producer:
        with pytest.raises(PartlyEmitted) as caught:
            producer.emit_many(iter(given))
        links.append(FakeLink())
        partly = caught.value
        rest = producer.emit_many([*partly.unconfirmed, *partly.unread])
    assert partly.confirmed + rest == 900


def test_an_error_of_the_callers_iterable_is_raised_as_it_is(links: list[FakeLink]) -> None:
    def two_and_out() -> Iterator[Event]:
        yield Event(type="person")
        yield Event(type="person")
        raise LookupError("the database went away")

    links.append(FakeLink())
    with Producer("amqp://x") as producer, pytest.raises(LookupError) as caught:
        producer.emit_many(two_and_out())
    assert caught.value.__notes__ == ["2 events were confirmed before."]


def test_a_closed_producer_says_so(links: list[FakeLink]) -> None:
    links.append(FakeLink())
    producer = Producer("amqp://x")
    producer.close()
    producer.close()
    with pytest.raises(BrokerError, match="closed"):
        producer.emit("person")


def test_closing_ends_the_pause_before_another_attempt(links: list[FakeLink]) -> None:
    del links
    patient = PublishPolicy(attempts=9, first_pause_s=3600, longest_pause_s=3600)
    producer = Producer("amqp://x", policy=patient)
    producer._closing.set()
    producer._pool.close()
    with pytest.raises(BrokerError, match="closed"):
        producer.emit("person")


@pytest.mark.parametrize(
    ("url", "connections", "field"),
    [("http://x", 1, "DURIAN_BROKER_URL"), ("amqp://x", 0, "connections")],
)
def test_settings_are_checked_before_anything_is_sent(
    url: str, connections: int, field: str
) -> None:
    with pytest.raises(InvalidSettings) as caught:
        Producer(url, connections=connections)
    assert caught.value.field == field
