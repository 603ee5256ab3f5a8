from __future__ import annotations

from collections.abc import Iterator

import pytest

from durian.errors import BrokerUnavailable, InvalidEvent, PublishRejected, Unroutable
from durian.events import Event, Message
from durian.events.amqp import encode
from durian.producers.pipeline import WINDOW, Pipeline
from tests.support.links import FakeLink


def events(count: int) -> list[Event]:
    return [Event(type="person", data={"number": number}) for number in range(count)]


def pipeline_of(source: list[Event] | Iterator[Event]) -> Pipeline:
    return Pipeline(iter(source), encode=encode, exchange="durian.events")


def published(*links: FakeLink) -> list[Event]:
    return [outgoing.event for link in links for outgoing in link.published]


def test_all_events_are_published_in_order_and_confirmed() -> None:
    given, link = events(3), FakeLink()
    pipeline = pipeline_of(given)
    pipeline.run(link)
    assert published(link) == given
    assert pipeline.confirmed == 3
    assert link.outstanding == 0


def test_no_more_than_the_window_is_outstanding() -> None:
    link = FakeLink()
    pipeline = pipeline_of(events(WINDOW + 50))
    pipeline.run(link)
    assert link.most_outstanding == WINDOW
    assert pipeline.confirmed == WINDOW + 50


def test_the_iterable_is_not_read_ahead() -> None:
    read: list[int] = []

    def endless() -> Iterator[Event]:
        for number in range(10 * WINDOW):
            read.append(number)
            yield Event(type="person")

    link = FakeLink(breaks_at=5)
    with pytest.raises(BrokerUnavailable):
        pipeline_of(endless()).run(link)
    assert read == [0, 1, 2, 3, 4, 5]


def test_after_a_broken_link_the_unconfirmed_are_published_again_and_nothing_else() -> None:
    given = events(5)
    broken, good = FakeLink(breaks_at=3), FakeLink()
    pipeline = pipeline_of(given)
    with pytest.raises(BrokerUnavailable):
        pipeline.run(broken)
    pipeline.run(good)
    assert published(good) == given
    assert [o.message.message_id for o in good.published] == [event.id for event in given]
    assert pipeline.confirmed == 5


def test_a_rejected_event_is_published_again_alone() -> None:
    given, link, again = events(4), FakeLink(rejects=[1]), FakeLink()
    pipeline = pipeline_of(given)
    with pytest.raises(PublishRejected):
        pipeline.run(link)
    assert pipeline.confirmed == 3
    assert not link.broken
    pipeline.run(again)
    assert published(again) == [given[1]]
    assert pipeline.confirmed == 4


def test_an_unroutable_event_ends_it_when_the_others_are_settled() -> None:
    given = events(WINDOW + 50)
    link = FakeLink(returns=[0])
    pipeline = pipeline_of(given)
    with pytest.raises(Unroutable):
        pipeline.run(link)
    partly = pipeline.partly(Unroutable())
    assert partly.unconfirmed == (given[0],)
    assert partly.confirmed == WINDOW - 1
    assert list(partly.unread) == given[WINDOW:]


def test_an_error_accounts_for_every_event() -> None:
    given = events(9)
    link = FakeLink(breaks_at=6)
    pipeline = pipeline_of(given)
    with pytest.raises(BrokerUnavailable) as caught:
        pipeline.run(link)
    partly = pipeline.partly(caught.value)
    assert (partly.confirmed, partly.unconfirmed) == (0, tuple(given[:7]))
    assert list(partly.unread) == given[7:]
    assert "0 events were confirmed, 7 were not" in partly.message
    assert caught.value.message in partly.message


def test_an_event_that_cannot_be_published_ends_the_input_after_the_ones_before() -> None:
    given, link = events(4), FakeLink()

    def no_number_two(event: Event) -> Message:
        if event is given[2]:
            raise InvalidEvent("data.number", "is two")
        return encode(event)

    pipeline = Pipeline(iter(given), encode=no_number_two, exchange="durian.events")
    pipeline.run(link)
    assert isinstance(pipeline.input_error, InvalidEvent)
    partly = pipeline.partly(pipeline.input_error)
    assert (partly.confirmed, partly.unconfirmed) == (2, (given[2],))
    assert list(partly.unread) == given[3:]


def test_an_iterable_that_fails_ends_the_input_after_the_ones_before() -> None:
    def two_and_out() -> Iterator[Event]:
        yield from events(2)
        raise LookupError("the database went away")

    rejecting, good = FakeLink(rejects=[1]), FakeLink()
    pipeline = pipeline_of(two_and_out())
    with pytest.raises(PublishRejected):
        pipeline.run(rejecting)
    pipeline.run(good)  # the iterable, which has failed before, is not asked again
    assert pipeline.confirmed == 2
    assert isinstance(pipeline.input_error, LookupError)


def test_an_interrupt_leaves_a_broken_link_that_nobody_uses_again() -> None:
    def interrupted() -> Iterator[Event]:
        yield from events(2)
        raise KeyboardInterrupt

    link = FakeLink()
    with pytest.raises(KeyboardInterrupt):
        pipeline_of(interrupted()).run(link)
    assert link.broken
