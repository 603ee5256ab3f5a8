from __future__ import annotations

import copy
import dataclasses
import pickle
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import BaseModel

from durian.errors import InvalidEvent
from durian.events import Caps, Event
from tests.support.events import MINIMAL, MOMENT, refused


def test_a_type_and_data_are_enough() -> None:
    before = datetime.now(UTC)
    event = Event(type="person", data={"name": "Joe"})
    assert event.specversion == "1.0"
    assert uuid.UUID(event.id).version == 7
    assert event.source == "/durian"
    assert before <= event.time <= datetime.now(UTC)
    assert event.datacontenttype == "application/json"
    assert event.body == b'{"name":"Joe"}'
    assert (event.subject, event.dataschema, event.extensions) == (None, None, {})


def test_every_event_has_an_id_of_its_own() -> None:
    assert Event(type="person").id != Event(type="person").id


def test_an_event_cannot_be_changed() -> None:
    event = Event(type="person")
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.type = "animal"  # type: ignore[misc]  # this is what is tested


def test_replace_makes_a_checked_copy() -> None:
    event = Event(type="person", data={"name": "Joe"})
    copied = dataclasses.replace(event, subject="joe")
    assert (copied.id, copied.body, copied.attributes["subject"]) == (event.id, event.body, "joe")
    with pytest.raises(InvalidEvent, match="type"):
        dataclasses.replace(event, type="")


def test_events_travel_between_processes_and_copies() -> None:
    event = Event(type="person", data={"name": "Joe"}, extensions={"tenant": "a"})
    assert pickle.loads(pickle.dumps(event)) == event  # noqa: S301 (our own bytes)
    assert copy.deepcopy(event) == event


def test_equal_events_hash_alike_whatever_their_data() -> None:
    one = Event(type="person", id="1", time=MOMENT, data={"tags": ["a"]})
    two = Event(type="person", id="1", time=MOMENT, data={"tags": ["a"]})
    assert one == two
    assert len({one, two}) == 1


def test_data_reads_as_a_receiver_reads_it() -> None:
    class Person(BaseModel):
        name: str
        born: date

    event = Event(type="person", data=Person(name="Joe", born=date(1970, 1, 1)))
    assert event.data == {"name": "Joe", "born": "1970-01-01"}
    assert event.body == b'{"name":"Joe","born":"1970-01-01"}'


def test_a_body_is_kept_byte_for_byte() -> None:
    body = b'{ "b": 1.00, "a": "\\u00e9", "b": 2e0 }\n'
    event = Event(type="person", body=body)
    assert event.body is body
    assert event.data == {"b": 2.0, "a": "é"}


@pytest.mark.parametrize(
    ("content_type", "data", "body", "read"),
    [
        ("application/json", None, b"", None),
        ("application/json", "text", b'"text"', "text"),
        ("application/json", 0, b"0", 0),
        ("application/json", [], b"[]", []),
        ("application/vnd.api+json; charset=utf-8", {"a": 1}, b'{"a":1}', {"a": 1}),
        ("text/plain", "Zoë", "Zoë".encode(), "Zoë"),
        ("text/plain", b"abc", b"abc", "abc"),
        ("text/plain", b"\xff", b"\xff", b"\xff"),
        ("text/plain; charset=iso-8859-1", b"caf\xe9", b"caf\xe9", b"caf\xe9"),
        ("application/xml", "<a/>", b"<a/>", "<a/>"),
        ("image/svg+xml", "<svg/>", b"<svg/>", "<svg/>"),
        ("application/octet-stream", b"\x00\xff", b"\x00\xff", b"\x00\xff"),
        ("application/octet-stream", "abc", b"abc", b"abc"),
        ("image/png", bytearray(b"abc"), b"abc", b"abc"),
    ],
)
def test_data_and_its_bytes_by_content_type(
    content_type: str, data: object, body: bytes, read: object
) -> None:
    written = Event(type="t", datacontenttype=content_type, data=data)
    assert (written.body, written.data) == (body, read)
    assert Event(type="t", datacontenttype=content_type, body=body).data == read


def test_data_and_body_may_both_be_given_if_they_agree() -> None:
    assert Event(type="t", data={"a": 1}, body=b'{"a": 1}').body == b'{"a": 1}'
    with pytest.raises(InvalidEvent) as raised:
        Event(type="t", data={"a": 2}, body=b'{"a": 1}')
    assert refused(raised) == ("data", "is not what body holds")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (MOMENT, "2026-01-31T12:00:00.250000Z"),
        (datetime(2026, 1, 31, 13, tzinfo=timezone(timedelta(hours=1))), "2026-01-31T12:00:00Z"),
        (datetime(2026, 1, 31, tzinfo=timezone(timedelta(seconds=1172))), "2026-01-30T23:40:28Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
    ],
)
def test_time_is_kept_in_utc(given: datetime, text: str) -> None:
    event = Event(type="t", time=given)
    assert event.time == given
    assert event.time.tzinfo is UTC
    assert event.attributes["time"] == text


def test_extensions_become_canonical_strings() -> None:
    extensions: dict[str, Any] = {"retries": 3, "test": True, "due": MOMENT, "ratio": 0.5}
    assert Event(type="t", extensions=extensions).extensions == {
        "retries": "3",
        "test": "true",
        "due": "2026-01-31T12:00:00.250000Z",
        "ratio": "0.5",
    }


def test_all_attributes_are_at_hand_as_strings() -> None:
    event = Event(
        type="order.paid",
        id="a-1",
        source="/shop",
        time=MOMENT,
        subject="4711",
        dataschema="https://example.com/order.json",
        extensions={"tenant": "acme"},
    )
    assert event.attributes == {
        **MINIMAL,
        "datacontenttype": "application/json",
        "subject": "4711",
        "dataschema": "https://example.com/order.json",
        "tenant": "acme",
    }


NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 (a time without zone is what is refused)
BEFORE_TIME = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))

REFUSED: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "no type": (
        {"type": None},
        ("type", "is missing"),
    ),
    "an empty type": (
        {"type": ""},
        ("type", "is empty"),
    ),
    "an empty id": (
        {"id": ""},
        ("id", "is empty"),
    ),
    "a number for an id": (
        {"id": 7},
        ("id", "is of type int"),
    ),
    "an empty source": (
        {"source": ""},
        ("source", "is empty"),
    ),
    "an empty subject": (
        {"subject": ""},
        ("subject", "is empty"),
    ),
    "another version": (
        {"specversion": "0.3"},
        ("specversion", "is '0.3'"),
    ),
    "no content type": (
        {"datacontenttype": None},
        ("datacontenttype", "is of type NoneType"),
    ),
    "a time without zone": (
        {"time": NAIVE},
        ("time", "is not a datetime with its zone"),
    ),
    "a time that is text": (
        {"time": "2026-01-01T00:00:00Z"},
        ("time", "is not a datetime with its zone"),
    ),
    "a time before all years": (
        {"time": BEFORE_TIME},
        ("time", "is outside the years 1 to 9999"),
    ),
    "an attribute among extensions": (
        {"extensions": {"subject": "a"}},
        ("subject", "is not an extension"),
    ),
    "text for a body": (
        {"body": "{}"},
        ("body", "is of type str"),
    ),
    "bytes for JSON data": (
        {"data": b"{}"},
        ("data", "is bytes, but datacontenttype is application/json"),
    ),
    "an object for text": (
        {"data": {}, "datacontenttype": "text/plain"},
        ("data", "is of type dict, but datacontenttype is text/plain"),
    ),
    "a lone surrogate in text": (
        {"data": "\ud800", "datacontenttype": "text/plain"},
        ("data", "holds a lone surrogate"),
    ),
}


@pytest.mark.parametrize(("fields", "expected"), REFUSED.values(), ids=REFUSED)
def test_refused(fields: dict[str, Any], expected: tuple[str, str]) -> None:
    with pytest.raises(InvalidEvent) as raised:
        Event(**{"type": "t", **fields})
    assert refused(raised) == expected


def test_data_may_be_a_mebibyte_and_no_more() -> None:
    most = 1024 * 1024
    assert len(Event(type="t", data="x" * (most - 2)).body) == most
    for fields in ({"data": "x" * (most - 1)}, {"body": b'"' + b"x" * (most - 1) + b'"'}):
        with pytest.raises(InvalidEvent, match=r"^data: is 1,048,577 bytes; at most 1,048,576"):
            Event(type="t", **fields)


def test_who_needs_more_says_so() -> None:
    large = "x" * (2 * 1024 * 1024)
    assert Event(type="t", data=large, caps=Caps(data_bytes=4 * 1024 * 1024)).data == large
    with pytest.raises(InvalidEvent, match="deeper than 1 levels"):
        Event(type="t", data=[[]], caps=Caps(depth=1))
