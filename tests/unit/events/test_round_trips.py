"""What is written is read again, whatever it is; what is read never raises but one error."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from durian.errors import InvalidEvent
from durian.events import Event, Message, amqp, http
from tests.support.events import ce_headers, events

_content_types = st.none() | st.sampled_from(
    [
        "",
        "application/json",
        "text/plain",
        "application/octet-stream",
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
        "application/cloudevents+avro",
        "nonsense",
    ]
)
_names = st.sampled_from(
    [
        *("specversion", "id", "source", "type", "time", "subject", "dataschema", "data"),
        *("datacontenttype", "tenant", "my-ext", "", "CC"),
    ]
)
_prefixes = st.sampled_from(["ce-", "CE-", "ce_", "cloudEvents:", "cloudEvents_", ""])
_any_text = st.text(st.characters(), max_size=12)  # with surrogates, controls and all
_field_values = st.one_of(
    _any_text,
    st.sampled_from(["1.0", "2026-01-31T12:00:00Z", "/shop", "order.paid"]),
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.binary(max_size=5),
    st.datetimes(),
    st.decimals(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(_any_text, st.integers(), max_size=2),
)
_headers = st.dictionaries(
    st.tuples(_prefixes, _names | _any_text).map("".join), _field_values, max_size=10
)

#: A reason travels in a header, and stands in one line of a log.
REASON_CHARACTERS = 400

#: Bytes, JSON, and JSON that looks like events.
_bodies = st.one_of(
    st.binary(max_size=60),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | _any_text,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(_names | st.sampled_from(["data", "data_base64"]), inner, max_size=9)
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
)


def _read(decode: Callable[[], tuple[Event, ...]]) -> tuple[Event, ...]:
    """The events that can be read; InvalidEvent is the only error there may be."""
    try:
        return decode()
    except InvalidEvent as exc:
        error = exc
    text = f"{error.field} {error.reason} {error.advice}"
    assert all((error.field, error.reason, error.advice))
    assert text.isprintable()
    assert len(text) < REASON_CHARACTERS
    return ()


@given(events())
def test_an_event_survives_amqp(event: Event) -> None:
    assert amqp.decode(amqp.encode(event)) == (event,)


@given(events())
def test_a_message_is_written_the_same_when_it_was_read(event: Event) -> None:
    message = amqp.encode(event)
    (read,) = amqp.decode(message)
    assert amqp.encode(read) == message


@given(events())
def test_an_event_survives_http_in_binary_mode(event: Event) -> None:
    headers, body = http.encode_binary(event)
    for value in headers.values():
        value.encode("ascii")
    assert http.decode(headers, body) == (event,)


@given(events())
def test_an_event_survives_http_in_structured_mode(event: Event) -> None:
    headers, body = http.encode_structured(event)
    json.loads(body)
    assert http.decode(headers, body) == (event,)


@given(st.lists(events(), max_size=4))
def test_events_survive_a_batch(several: list[Event]) -> None:
    headers, body = http.encode_batch(several)
    assert http.decode(headers, body) == tuple(several)


@given(events())
def test_all_modes_lead_to_one_message(event: Event) -> None:
    message = amqp.encode(event)
    for headers, body in (http.encode_binary(event), http.encode_structured(event)):
        (read,) = http.decode(headers, body)
        assert amqp.encode(read) == message


@given(
    st.builds(
        Message,
        body=_bodies,
        headers=_headers,
        content_type=_content_types | _any_text,
        content_encoding=st.sampled_from([None, "utf-8", "gzip", "br"]) | _any_text,
        message_id=st.none() | _any_text,
        type=st.none() | _any_text,
        timestamp=st.none() | st.integers(-(2**63), 2**64),
        app_id=st.none() | _any_text,
        exchange=_any_text,
        routing_key=_any_text,
    )
)
def test_any_message_is_an_event_or_refused(message: Message) -> None:
    for event in _read(lambda: amqp.decode(message)):
        assert amqp.decode(amqp.encode(event)) == (event,)


@given(_headers, _bodies, _content_types)
def test_any_headers_beside_a_sound_event_are_read_or_refused(
    headers: dict[str, object], body: bytes, content_type: str | None
) -> None:
    sound = Message(body=body, headers={**headers, **ce_headers()}, content_type=content_type)
    for event in _read(lambda: amqp.decode(sound)):
        assert amqp.decode(amqp.encode(event)) == (event,)


@given(
    st.lists(st.tuples(st.tuples(_prefixes, _names).map("".join), _any_text), max_size=10),
    _bodies,
    _content_types,
)
def test_any_request_is_an_event_or_refused(
    headers: list[tuple[str, str]], body: bytes, content_type: str | None
) -> None:
    sent = [*headers, ("Content-Type", content_type)] if content_type is not None else headers
    for event in _read(lambda: http.decode(sent, body)):
        assert http.decode(*http.encode_binary(event)) == (event,)


@given(st.dictionaries(_names | _any_text, _field_values, max_size=4), _any_text)
def test_any_extensions_are_taken_or_refused(extensions: dict[str, str], kind: str) -> None:
    for event in _read(lambda: (Event(type=kind, extensions=extensions),)):
        assert all(isinstance(value, str) for value in event.extensions.values())
        assert amqp.decode(amqp.encode(event)) == (event,)


@given(st.integers() | st.floats() | st.datetimes() | st.decimals() | st.binary())
def test_any_value_of_a_header_is_a_string_or_refused(
    value: float | datetime | Decimal | bytes,
) -> None:
    message = Message(body=b"", headers=ce_headers(note=value))
    for event in _read(lambda: amqp.decode(message)):
        assert isinstance(event.extensions["note"], str)
