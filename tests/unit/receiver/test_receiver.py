"""An event is handled when it is genuine, fresh and not handled yet: exactly then."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from durian.errors import AlreadyReceived, InvalidEvent, SignatureError
from durian.events import Event, http
from durian.receiver import Answer, MemoryReplays, Receiver, State, answer, receive
from durian.signature import new_key_pair, new_secret, sign
from tests.unit.receiver.conftest import NOW, SECRET, Parts, Signed


def now() -> float:
    return NOW


@pytest.fixture
def receiver() -> Receiver:
    return Receiver([SECRET], now=now)


def test_a_genuine_event_is_received(request_parts: Parts, event: Event) -> None:
    received = receive(*request_parts, [SECRET], now=now)
    assert (received.id, received.type, received.source) == (event.id, event.type, event.source)
    assert received.data == {"name": "Joe"}
    assert received.body == event.body


def test_a_structured_event_is_received(event: Event, signed: Signed) -> None:
    received = receive(*signed(http.encode_structured(event)), [SECRET], now=now)
    assert (received.id, received.data) == (event.id, {"name": "Joe"})


def test_a_standard_payload_is_received(signed: Signed) -> None:
    body = b'{"type": "person.created", "timestamp": "2027-01-15T08:00:00Z", "data": {"a": [1]}}'
    parts = signed(({"content-type": "application/json"}, body), message_id="msg_7")
    received = receive(*parts, [SECRET], now=now)
    assert (received.type, received.id, received.data) == ("person.created", "msg_7", {"a": [1]})
    assert received.time == datetime(2027, 1, 15, 8, tzinfo=UTC)


def test_a_standard_payload_needs_no_timestamp(signed: Signed) -> None:
    received = receive(*signed(({}, b'{"type": "a.b"}')), [SECRET], now=now)
    assert (received.type, received.data) == ("a.b", None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b'{"type": 5}',
        b'{"type": ""}',
        b'{"type": "a", "timestamp": 5}',
        b'{"type": "a", "timestamp": "now"}',
        b'{"type": "a", "data": NaN}',
        b'{"type": "a", "data": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"type": "a", "data": ' + b"1" * 5000 + b"}",
        b'{"type": "a", "data": "\xff"}',
    ],
)
def test_a_genuine_request_without_an_event_is_refused(signed: Signed, body: bytes) -> None:
    with pytest.raises(InvalidEvent):
        receive(*signed(({}, body)), [SECRET], now=now)


def test_a_batch_is_refused_where_one_event_is_expected(event: Event, signed: Signed) -> None:
    for events in ([], [event], [event, Event(type="a.b")]):
        with pytest.raises(InvalidEvent, match="receive_batch"):
            receive(*signed(http.encode_batch(events)), [SECRET], now=now)


def test_what_is_not_genuine_is_refused_before_it_is_read(signed: Signed) -> None:
    with pytest.raises(SignatureError):
        receive(*signed(({}, b"no event"), secret=new_secret()), [SECRET], now=now)


def test_an_old_request_is_refused(event: Event, signed: Signed) -> None:
    parts = signed(http.encode_binary(event), at=NOW - 301)
    with pytest.raises(SignatureError, match="in the past"):
        receive(*parts, [SECRET], now=now)
    assert receive(*parts, [SECRET], tolerance_s=400, now=now).type == "person.created"


def test_during_a_rotation_both_secrets_hold(event: Event, signed: Signed) -> None:
    old, new = new_secret(), new_secret()
    for secret in (old, new):
        assert (
            receive(*signed(http.encode_binary(event), secret=secret), [old, new], now=now).type
            == "person.created"
        )


def test_a_public_key_is_enough(event: Event, signed: Signed) -> None:
    private, public = new_key_pair()
    assert (
        receive(*signed(http.encode_binary(event), secret=private), [public], now=now).type
        == "person.created"
    )


def test_a_handled_event_is_not_handled_again(receiver: Receiver, request_parts: Parts) -> None:
    with receiver.receive(*request_parts) as event:
        assert event.type == "person.created"
    with pytest.raises(AlreadyReceived) as caught:
        receiver.receive(*request_parts)
    assert caught.value.handled


def test_an_event_that_is_being_handled_is_not_handled_beside(
    receiver: Receiver, request_parts: Parts
) -> None:
    with receiver.receive(*request_parts), pytest.raises(AlreadyReceived) as caught:
        receiver.receive(*request_parts)
    assert not caught.value.handled


def test_an_event_that_was_not_handled_comes_again(
    receiver: Receiver, request_parts: Parts
) -> None:
    with pytest.raises(RuntimeError), receiver.receive(*request_parts):
        raise RuntimeError("the database is down")
    with receiver.receive(*request_parts) as event:
        assert event.type == "person.created"


def test_what_was_refused_is_not_remembered(receiver: Receiver, signed: Signed) -> None:
    with pytest.raises(InvalidEvent):
        receiver.receive(*signed(({}, b"no event")))
    with receiver.receive(*signed(({}, b'{"type": "a.b"}'))) as event:
        assert event.type == "a.b"


def test_a_long_body_is_refused(event: Event, signed: Signed) -> None:
    receiver = Receiver([SECRET], max_body_bytes=10, now=now)
    with pytest.raises(InvalidEvent, match="longer than 10 bytes"):
        receiver.receive(*signed(http.encode_binary(event)))


def test_the_memory_of_what_was_handled_can_be_another(request_parts: Parts) -> None:
    class Table:
        def __init__(self) -> None:
            self.rows: dict[str, bool] = {}

        def begin(self, message_id: str) -> State:
            return "handled" if message_id in self.rows else "new"

        def end(self, message_id: str, *, handled: bool) -> None:
            self.rows[message_id] = handled

    table = Table()
    with Receiver([SECRET], replays=table, now=now).receive(*request_parts):
        assert table.rows == {}
    assert table.rows == {"msg_1": True}
    with pytest.raises(AlreadyReceived):
        Receiver([SECRET], replays=table, now=now).receive(*request_parts)


def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    replays = MemoryReplays(most=2)
    for message_id in ("a", "b", "c"):
        assert replays.begin(message_id) == "new"
        replays.end(message_id, handled=True)
    assert len(replays) == 2
    assert replays.begin("c") == "handled"
    assert replays.begin("a") == "new"


def test_every_outcome_has_its_answer(receiver: Receiver, event: Event, signed: Signed) -> None:
    handled: list[Event] = []
    genuine = signed(http.encode_binary(event))

    def given(parts: Parts) -> Answer:
        return answer(receiver, *parts, handled.append)

    assert given(genuine) == Answer(204)
    assert given(genuine) == Answer(200, "This event was handled before.")
    assert given(signed(({}, b"no event"), message_id="m2")).status == 400
    assert given(signed(http.encode_binary(event), secret=new_secret())).status == 401
    assert [one.id for one in handled] == [event.id]


def test_a_request_beside_its_own_handling_is_put_off(
    receiver: Receiver, request_parts: Parts
) -> None:
    beside: list[Answer] = []

    def handle(_event: Event) -> None:
        beside.append(answer(receiver, *request_parts, lambda _: None))

    assert answer(receiver, *request_parts, handle).status == 204
    assert beside == [Answer(409, "This event is being handled.")]


def test_an_error_of_the_handler_is_not_an_answer(receiver: Receiver, request_parts: Parts) -> None:
    def fail(_event: Event) -> None:
        raise SignatureError("of something else")

    with pytest.raises(SignatureError, match="of something else"):
        answer(receiver, *request_parts, fail)


def test_other_senders_of_standard_webhooks_are_understood() -> None:
    body = json.dumps({"type": "invoice.paid", "timestamp": "2027-01-15T08:00:00Z", "data": {}})
    headers = {
        "Content-Type": "application/json",
        "Webhook-Id": "evt_1",
        "Webhook-Timestamp": str(NOW),
        "Webhook-Signature": sign([SECRET], "evt_1", NOW, body.encode()),
    }
    assert receive(headers, body.encode(), [SECRET], now=now).type == "invoice.paid"
