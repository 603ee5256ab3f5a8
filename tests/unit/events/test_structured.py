from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from durian.errors import InvalidEvent
from durian.events import Event, structured
from durian.events.caps import CAPS, Caps
from durian.events.media import Format
from tests.support.events import MINIMAL, refused


def document(**members: Any) -> bytes:
    """A minimal event in JSON, with more or other members."""
    return json.dumps({**MINIMAL, **members}).encode()


def decoded(raw: bytes) -> Event:
    """The event of a structured document."""
    (event,) = structured.decode(raw, "structured", caps=CAPS)
    return event


def raw_document(data: bytes) -> bytes:
    """A minimal event in JSON, with data as it is written."""
    return document()[:-1] + b',"data":' + data + b"}"


@pytest.mark.parametrize(
    "data",
    [
        b"null",
        b'""',
        b"1.00",
        b"-0",
        b"1E2",
        b'{ "b" : 1,\t"a":[ ] ,"b":2}',
        b'"\\u00e9\\/"',
        '"é😀"'.encode(),
        b'{"data":{"data":"}"}}',
        b'["]",{"}":"{\\"\\\\"}]',
        b"[" * 64 + b"]" * 64,
        b"123456789012345678901234567890.10",
    ],
)
@pytest.mark.parametrize("around", [b"", b" \r\n\t"])
def test_json_data_is_taken_byte_for_byte(data: bytes, around: bytes) -> None:
    event = decoded(raw_document(around + data + around))
    assert event.body == data
    assert event.data == json.loads(data)


def test_data_may_stand_anywhere_among_the_members() -> None:
    raw = (
        b' {"data" : {"id":"x"} , "specversion":"1.0", "time":null, "id":"1",'
        b'"source":"/s","type":"t" } '
    )
    event = decoded(raw)
    assert (event.id, event.body) == ("1", b'{"id":"x"}')


def test_an_escaped_name_is_the_same_name() -> None:
    raw = b'{"d\\u0061ta":[1 ],"specversion":"1.0","id":"1","source":"/s","type":"t"}'
    assert decoded(raw).body == b"[1 ]"


@pytest.mark.parametrize(
    ("members", "content_type", "body"),
    [
        ({}, "application/json", b""),
        ({"data_base64": "e30="}, "application/json", b"{}"),
        ({"data_base64": "/w=="}, "application/octet-stream", b"\xff"),
        ({"data_base64": None, "data": 1}, "application/json", b"1"),
        ({"data_base64": "e30=", "datacontenttype": "application/json"}, "application/json", b"{}"),
        ({"data": "Zoë", "datacontenttype": "text/plain"}, "text/plain", "Zoë".encode()),
        ({"data": "a", "datacontenttype": "image/png"}, "image/png", b"a"),
        ({"data": None, "datacontenttype": "text/plain"}, "text/plain", b""),
        ({"data": "{}", "datacontenttype": "a/b+json"}, "a/b+json", b'"{}"'),
        ({"data": {"a": 1}, "datacontenttype": None}, "application/json", b'{"a": 1}'),
    ],
)
def test_data_by_content_type(members: dict[str, Any], content_type: str, body: bytes) -> None:
    event = decoded(document(**members))
    assert (event.datacontenttype, event.body) == (content_type, body)


def test_attributes_may_be_integers_booleans_and_null() -> None:
    event = decoded(document(count=7, test=True, subject=None))
    assert event.extensions == {"count": "7", "test": "true"}
    assert event.subject is None


REFUSED: dict[str, tuple[bytes, str, str]] = {
    "not JSON": (b"{", "body", "is not valid JSON"),
    "an array": (b"[" + document() + b"]", "body", "is not an event"),
    "a string": (b'"event"', "body", "is not an event"),
    "no id": (document(id=None), "id", "is missing"),
    "an object for an attribute": (document(note={}), "note", "is not a string, an integer or"),
    "a float for an attribute": (document(note=1.5), "note", "is not a string, an integer or"),
    "a huge integer": (document(note=10**100), "note", "cannot be this value of type int"),
    "a name in capitals": (document(Note="a"), "Note", "cannot be the name of an attribute"),
    "a name twice": (document()[:-1] + b',"id":"2"}', "id", "is given twice"),
    "data twice": (raw_document(b'1,"data":2'), "data", "is given twice"),
    "data in both forms": (document(data=1, data_base64="MQ=="), "data", "is given twice"),
    "base64 that is none": (document(data_base64="!"), "data_base64", "is not base64"),
    "base64 for URLs": (document(data_base64="-_8="), "data_base64", "is not base64"),
    "base64 beyond ASCII": (document(data_base64="é"), "data_base64", "is not base64"),
    "base64 that is a number": (document(data_base64=7), "data_base64", "is not base64"),
    "JSON in base64 that is none": (
        document(data_base64="ew==", datacontenttype="application/json"),
        "data",
        "is not valid JSON",
    ),
    "an object for text": (
        document(data={}, datacontenttype="text/plain"),
        "data",
        "is not a string, but datacontenttype is 'text/plain'",
    ),
    "deep data": (raw_document(b"[" * 65 + b"]" * 65), "body", "is nested deeper than 65 levels"),
}


@pytest.mark.parametrize(("raw", "field", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(raw: bytes, field: str, reason: str) -> None:
    with pytest.raises(InvalidEvent) as raised:
        structured.decode(raw, "structured", caps=CAPS)
    named, text = refused(raised)
    assert named == field
    assert text.startswith(reason)


def test_a_format_that_is_not_json_is_refused() -> None:
    with pytest.raises(InvalidEvent) as raised:
        structured.decode(b"", "unknown", caps=CAPS)
    assert refused(raised)[0] == "content_type"


def batch(raw: bytes, caps: Caps = CAPS) -> tuple[Event, ...]:
    return structured.decode(raw, "batch", caps=caps)


def test_a_batch_may_be_empty() -> None:
    assert batch(b" [ ] ") == ()


def test_the_events_of_a_batch_keep_their_order_and_bytes() -> None:
    events = batch(b"[ " + raw_document(b"[1 ]") + b" , " + raw_document(b'{"a":"]"}') + b" ]")
    assert [event.body for event in events] == [b"[1 ]", b'{"a":"]"}']


def test_data_of_a_batch_may_be_as_deep_as_any_other() -> None:
    deep = b"[" * 64 + b"]" * 64
    assert batch(b"[" + raw_document(deep) + b"]")[0].body == deep
    with pytest.raises(InvalidEvent, match="deeper than"):
        batch(b"[" + raw_document(b"[" + deep + b"]") + b"]")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (document(), "is not an array of events"),
        (b"[1]", "is not an event"),
        (b"[[]]", "is not an event"),
        (b"[", "is not valid JSON"),
    ],
)
def test_a_batch_that_is_none_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(InvalidEvent) as raised:
        batch(raw)
    field, text = refused(raised)
    assert field == "body"
    assert text.startswith(reason)


def test_a_batch_is_refused_as_a_whole_when_one_event_is_bad_and_says_which() -> None:
    told = "id: is missing (event 1 of the batch, counted from 0)"
    with pytest.raises(InvalidEvent, match=f"^{re.escape(told)}") as raised:
        batch(b"[" + document() + b"," + document(id=None) + b"]")
    assert (raised.value.field, raised.value.index) == ("id", 1)


def test_the_caps_of_documents_and_batches() -> None:
    with pytest.raises(InvalidEvent, match="holds 3 events; at most 2 are allowed"):
        batch(b"[" + b",".join([document()] * 3) + b"]", Caps(batch_events=2))
    with pytest.raises(InvalidEvent, match=r"body: is .* at most 100 are allowed"):
        batch(b"[" + document() + b"]", Caps(document_bytes=100))
    with pytest.raises(InvalidEvent, match="data: is 4 bytes; at most 3 are allowed"):
        batch(b"[" + raw_document(b'"ab"') + b"]", Caps(data_bytes=3))


@pytest.mark.parametrize(
    ("content_type", "body", "tail"),
    [
        ("application/json", b'{ "a": 1.0 }', b',"data":{ "a": 1.0 }}'),
        ("text/plain", 'Zoë "J"'.encode(), ',"data":"Zoë \\"J\\""}'.encode()),
        ("text/plain", b"\xff", b',"data_base64":"/w=="}'),
        ("image/png", b"\xff", b',"data_base64":"/w=="}'),
    ],
)
def test_encode_splices_data(content_type: str, body: bytes, tail: bytes) -> None:
    event = Event(type="t", datacontenttype=content_type, body=body)
    raw = structured.encode(event.attributes, body)
    assert raw.endswith(tail)
    assert json.loads(raw)["datacontenttype"] == content_type
    assert decoded(raw) == event


def test_encode_leaves_out_data_that_is_not_there() -> None:
    assert "data" not in json.loads(structured.encode(Event(type="t").attributes, b""))


def test_large_base64_fits() -> None:
    body = bytes(1024 * 1024)
    raw = document(
        data_base64=base64.b64encode(body).decode(), datacontenttype="application/octet-stream"
    )
    assert decoded(raw).body == body


def test_the_format_is_the_callers_to_say() -> None:
    kinds: tuple[Format, ...] = ("structured", "batch")
    raws = (document(), b"[" + document() + b"]")
    for kind, raw in zip(kinds, raws, strict=True):
        assert [event.id for event in structured.decode(raw, kind, caps=CAPS)] == ["a-1"]
