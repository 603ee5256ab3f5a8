"""Batches at the far end: each event is handled once, however often and in whichever it comes."""

from __future__ import annotations

import pytest

from durian.errors import AlreadyReceived, InvalidEvent, SignatureError
from durian.events import Event, http
from durian.receiver import Receiver, answer, receive_batch
from durian.signature import new_secret
from tests.unit.receiver.conftest import NOW, SECRET, Parts, Signed

EVENTS = [Event(id=str(number), source="/shop", type="order", data=number) for number in range(4)]


def now() -> float:
    return NOW


@pytest.fixture
def receiver() -> Receiver:
    return Receiver([SECRET], now=now)


def taken(receiver: Receiver, parts: Parts) -> list[str]:
    """Handle what is new of a request; returns the ids of that."""
    handled: list[str] = []
    for reception in receiver.receive_batch(*parts):
        with reception as event:
            handled.append(event.id)
    return handled


def test_a_batch_is_verified_as_a_whole_and_read_in_order(signed: Signed) -> None:
    headers, body = signed(http.encode_batch(EVENTS))
    received = receive_batch(headers, body, [SECRET], now=now)
    assert [(event.id, event.data) for event in received] == [(str(n), n) for n in range(4)]
    with pytest.raises(SignatureError):
        receive_batch(headers, body.replace(b"/shop", b"/shoq", 1), [SECRET], now=now)
    with pytest.raises(SignatureError):
        receive_batch(headers, body, [new_secret()], now=now)


def test_single_events_are_taken_as_well(signed: Signed, receiver: Receiver) -> None:
    for number, parts in enumerate(
        (
            http.encode_binary(EVENTS[0]),
            http.encode_structured(EVENTS[1]),
            ({}, b'{"type": "a.b"}'),
        )
    ):
        request = signed(parts, message_id=f"msg_{number}")
        assert len(receive_batch(*request, [SECRET], now=now)) == 1
        assert len(taken(receiver, request)) == 1
        assert taken(receiver, request) == []


def test_each_event_is_handled_once_however_the_batches_are_cut(
    signed: Signed, receiver: Receiver
) -> None:
    first = signed(http.encode_batch(EVENTS[:3]), message_id="batch_1")
    other = signed(http.encode_batch(EVENTS[1:]), message_id="batch_2")
    assert taken(receiver, first) == ["0", "1", "2"]
    assert taken(receiver, other) == ["3"]
    assert taken(receiver, first) == []
    assert len(receiver.receive_batch(*other)) == 3


def test_events_of_two_sources_may_share_an_id(signed: Signed, receiver: Receiver) -> None:
    twins = [Event(id="1", source=source, type="order") for source in ("/a", "/b")]
    assert taken(receiver, signed(http.encode_batch(twins))) == ["1", "1"]


def test_an_event_that_is_in_a_batch_twice_is_handled_once(
    signed: Signed, receiver: Receiver
) -> None:
    assert taken(receiver, signed(http.encode_batch([EVENTS[0], EVENTS[0]]))) == ["0"]


def test_what_was_handled_before_one_that_fails_stays_handled(
    signed: Signed, receiver: Receiver
) -> None:
    parts = signed(http.encode_batch(EVENTS))
    with pytest.raises(RuntimeError):  # noqa: PT012  # it fails in the middle
        for reception in receiver.receive_batch(*parts):
            with reception as event:
                if event.id == "2":
                    raise RuntimeError("the database is down")
    assert taken(receiver, parts) == ["2", "3"]


def test_it_is_no_success_before_all_of_it_is_one(signed: Signed, receiver: Receiver) -> None:
    parts = signed(http.encode_batch(EVENTS[:2]))
    busy = next(iter(receiver.receive_batch(*parts)))
    handled: list[str] = []
    with busy, pytest.raises(AlreadyReceived) as caught:  # noqa: PT012  # at the end of the loop
        for reception in receiver.receive_batch(*parts):
            with reception as event:
                handled.append(event.id)
    assert not caught.value.handled
    assert handled == ["1"]


def test_what_holds_no_events_is_refused(signed: Signed, receiver: Receiver) -> None:
    headers, _ = http.encode_batch([])
    for body in (b"{}", b"[1]", b"[{}]", b"no json"):
        with pytest.raises(InvalidEvent):
            receiver.receive_batch(*signed((headers, body)))


def test_it_is_answered_for_all_of_it(signed: Signed, receiver: Receiver) -> None:
    handled: list[str] = []

    def handle(event: Event) -> None:
        handled.append(event.id)

    parts = signed(http.encode_batch(EVENTS))
    assert answer(receiver, *parts, handle).status == 204
    assert answer(receiver, *parts, handle).status == 200
    more = signed(http.encode_batch([*EVENTS, Event(id="9", type="order")]))
    assert answer(receiver, *more, handle).status == 204
    assert answer(receiver, *signed(http.encode_batch([])), handle).status == 204
    assert handled == ["0", "1", "2", "3", "9"]


def test_it_is_answered_again_later_while_some_of_it_is_being_handled(
    signed: Signed, receiver: Receiver
) -> None:
    parts = signed(http.encode_batch(EVENTS))
    with next(iter(receiver.receive_batch(*parts))):
        assert answer(receiver, *parts, lambda _event: None).status == 409
    assert answer(receiver, *parts, lambda _event: None).status == 200
