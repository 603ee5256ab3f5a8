from __future__ import annotations

import gzip
import json
from datetime import datetime
from typing import Any

import pytest

from durian.errors import InvalidEvent
from durian.events import Event, amqp, http
from tests.support.events import MINIMAL, MOMENT, message, refused


def event_of(**fields: Any) -> Event:
    """An event of which all attributes are known."""
    return Event(**{"type": "order.paid", "id": "a-1", "source": "/shop", "time": MOMENT, **fields})


def headers_with(**changes: str | None) -> dict[str, str]:
    """The headers of a minimal event in binary mode; None takes one away."""
    attributes = {**MINIMAL, **changes}
    return {f"ce-{name}": value for name, value in attributes.items() if value is not None}


def decoded(headers: http.Headers, body: bytes = b"{}") -> Event:
    """The only event of a request."""
    (event,) = http.decode(headers, body)
    return event


def test_binary_mode_writes_attributes_as_headers() -> None:
    event = event_of(body=b'{ "total": 1.00 }', subject="4711", extensions={"tenant": "acme"})
    headers, body = http.encode_binary(event)
    assert headers == {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": "a-1",
        "ce-source": "/shop",
        "ce-type": "order.paid",
        "ce-time": "2026-01-31T12:00:00.250000Z",
        "ce-subject": "4711",
        "ce-tenant": "acme",
    }
    assert body == b'{ "total": 1.00 }'


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("plain-._~!$&'()*+,;=:@/?#[]{}|\\^`<>", "plain-._~!$&'()*+,;=:@/?#[]{}|\\^`<>"),
        ("a b", "a%20b"),
        ('"a"', "%22a%22"),
        ("100%", "100%25"),
        ("%41", "%2541"),
        ("Zoë", "Zo%C3%AB"),
        ("\N{GRINNING FACE}", "%F0%9F%98%80"),
    ],
)
def test_values_are_percent_encoded_as_the_binding_says(value: str, escaped: str) -> None:
    headers, body = http.encode_binary(event_of(subject=value))
    assert headers["ce-subject"] == escaped
    assert decoded(headers, body).subject == value


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        ("a b", "a b"),
        (" a ", "a"),
        ('"a b"', "a b"),
        (r'"say \"hi\" \\ bye"', r'say "hi" \ bye'),
        ('"%41"', "A"),
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € \N{GRINNING FACE}"),
        ("%e2%82%ac", "€"),
        ("50%", "50%"),
        ("%zz", "%zz"),
        ('"', '"'),
    ],
)
def test_values_are_read_as_the_binding_says(sent: str, value: str) -> None:
    assert decoded(headers_with(subject=sent)).subject == value


def test_header_names_ignore_case() -> None:
    headers = {name.title(): value for name, value in headers_with(tenant="acme").items()}
    event = decoded({**headers, "Content-Type": "text/plain"}, b"Joe")
    assert (event.id, event.data, event.extensions) == ("a-1", "Joe", {"tenant": "acme"})


def test_headers_may_be_pairs() -> None:
    assert decoded([*headers_with().items(), ("accept", "a"), ("accept", "b")]).id == "a-1"


def test_an_attribute_given_twice_is_refused() -> None:
    with pytest.raises(InvalidEvent) as raised:
        http.decode([*headers_with().items(), ("CE-ID", "2")], b"{}")
    assert refused(raised) == ("id", "is given twice")


def test_without_a_content_type_data_is_json_if_it_parses() -> None:
    assert decoded(headers_with(), b"[1]").datacontenttype == "application/json"
    assert decoded(headers_with(), b"<a>").datacontenttype == "application/octet-stream"


REFUSED: dict[str, tuple[dict[str, str], bytes, tuple[str, str]]] = {
    "no attributes": ({"content-type": "application/json"}, b"{}", ("specversion", "is missing")),
    "no id": (headers_with(id=None), b"{}", ("id", "is missing")),
    "an empty type": (headers_with(type=""), b"{}", ("type", "is empty")),
    "a hidden line break": (headers_with(id="a%0Ab"), b"{}", ("id", "holds the character U+000A")),
    "a broken escape": (headers_with(id="%ff"), b"{}", ("id", "is not percent-encoded UTF-8")),
    "a name with a dash": (
        {**headers_with(), "ce-a-b": "1"},
        b"{}",
        ("a-b", "cannot be the name of an attribute"),
    ),
    "an unknown encoding": (
        {**headers_with(), "content-encoding": "br"},
        b"{}",
        ("content_encoding", "'br' is not understood"),
    ),
    "an unknown format": (
        {"content-type": "application/cloudevents+avro"},
        b"",
        ("content_type", "names a format that is not understood"),
    ),
}


@pytest.mark.parametrize(("headers", "body", "expected"), REFUSED.values(), ids=REFUSED)
def test_refused(headers: dict[str, str], body: bytes, expected: tuple[str, str]) -> None:
    with pytest.raises(InvalidEvent) as raised:
        http.decode(headers, body)
    assert refused(raised) == expected


def test_gzip_is_undone() -> None:
    headers = {**headers_with(), "Content-Encoding": "gzip", "content-type": "application/json"}
    assert decoded(headers, gzip.compress(b'{"a":1}')).data == {"a": 1}


def test_structured_mode_splices_data() -> None:
    event = event_of(body=b'{ "total": 1.00 }')
    headers, body = http.encode_structured(event)
    assert headers == {"content-type": "application/cloudevents+json"}
    assert body.endswith(b',"data":{ "total": 1.00 }}')
    assert decoded(headers, body) == event


def test_batches() -> None:
    events = (event_of(), event_of(id="a-2", data={"a": 1}))
    headers, body = http.encode_batch(events)
    assert headers == {"content-type": "application/cloudevents-batch+json"}
    assert http.decode(headers, body) == events
    assert http.decode(headers, http.encode_batch([])[1]) == ()


def test_a_queued_message_becomes_the_same_request_as_its_event() -> None:
    event = event_of(subject="Zoë", body=b'{ "a": 1 }', extensions={"tenant": "acme"})
    queued = amqp.encode(event)
    assert http.binary_headers(queued) == http.encode_binary(event)[0]
    assert json.loads(http.structured_body(queued)) == json.loads(http.encode_structured(event)[1])
    assert http.structured_body(queued).endswith(b',"data":{ "a": 1 }}')


def test_headers_of_hops_stay_behind() -> None:
    queued = amqp.encode(event_of())
    hops = {**queued.headers, "durian-attempt": "2", "x-death": [{}], "CC": ["a"]}
    assert http.binary_headers(message(headers=hops)) == http.binary_headers(queued)


@pytest.mark.parametrize(
    ("content_type", "body", "member"),
    [
        ("application/json", b'{ "a": 1.0 }', b'"data":{ "a": 1.0 }'),
        ("application/json", b"", b'"data":null'),
        ("text/plain", b'say "hi"', b'"data":"say \\"hi\\""'),
        ("image/png", b"\xff", b'"data_base64":"/w=="'),
    ],
)
def test_the_body_that_standard_webhooks_advises(
    content_type: str, body: bytes, member: bytes
) -> None:
    queued = amqp.encode(event_of(datacontenttype=content_type, body=body))
    assert http.standard_body(queued) == (
        b'{"type":"order.paid","timestamp":"2026-01-31T12:00:00.250000Z",' + member + b"}"
    )


def test_the_timestamp_of_standard_webhooks_is_the_events() -> None:
    parsed = json.loads(http.standard_body(amqp.encode(event_of())))
    assert datetime.fromisoformat(parsed["timestamp"]) == MOMENT


@pytest.mark.parametrize("write", [http.structured_body, http.standard_body])
def test_a_message_that_is_no_event_is_refused(write: Any) -> None:
    with pytest.raises(InvalidEvent, match="specversion: is missing"):
        write(message(routing_key="a"))
