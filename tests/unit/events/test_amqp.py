from __future__ import annotations

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from durian.errors import InvalidEvent
from durian.events import Caps, Event, Message, amqp
from tests.support.events import MINIMAL, MOMENT, ce_headers, message, refused


def decoded(given: Message) -> Event:
    """The only event of a message."""
    (event,) = amqp.decode(given)
    return event


def test_encode_writes_string_headers_and_the_body_as_it_is() -> None:
    event = Event(
        type="order.paid",
        id="a-1",
        source="/shop",
        time=MOMENT,
        subject="4711",
        dataschema="https://example.com/order.json",
        extensions={"tenant": "acme"},
        body=b'{ "total": 1.00 }',
    )
    assert amqp.encode(event) == Message(
        body=b'{ "total": 1.00 }',
        headers={
            **ce_headers(),
            "ce-subject": "4711",
            "ce-dataschema": "https://example.com/order.json",
            "ce-tenant": "acme",
        },
        content_type="application/json",
        message_id="a-1",
        type="order.paid",
        routing_key="order.paid",
    )


def test_what_is_encoded_is_decoded() -> None:
    event = Event(type="order.paid", data={"total": "1.00"}, extensions={"tenant": "acme"})
    assert decoded(amqp.encode(event)) == event


@pytest.mark.parametrize(
    "prefix", ["ce-", "CE-", "Ce-", "ce_", "CE_", "cloudEvents:", "cloudevents_", "cloudEvents_"]
)
def test_attributes_are_found_under_any_prefix_in_any_case(prefix: str) -> None:
    headers = {f"{prefix}{name.title()}": value for name, value in MINIMAL.items()}
    headers[f"{prefix}tenant"] = "acme"
    event = decoded(message(headers=headers))
    assert (event.id, event.type, event.extensions) == ("a-1", "order.paid", {"tenant": "acme"})
    assert amqp.headers_of(event) == {**ce_headers(), "ce-tenant": "acme"}


def test_a_message_uses_one_prefix_and_others_are_someone_elses() -> None:
    event = decoded(message(headers={**ce_headers(), "ce_tenant": "acme", "cloudEvents:id": "2"}))
    assert (event.id, event.extensions) == ("a-1", {})


def test_nothing_but_attributes_survives() -> None:
    hop = {
        "CC": ["other"],
        "BCC": ["durian.listener.x"],
        "x-death": [{"count": 1}],
        "x-first-death-queue": "q",
        "x-delivery-count": 3,
        "durian-attempt": "2",
        "user_id": "guest",
        "traceparent": "00-1",
    }
    again = amqp.encode(decoded(message(headers={**hop, **ce_headers()})))
    assert again.headers == ce_headers()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        (True, "true"),
        (b"acme", "acme"),
        (Decimal("1.5"), "1.5"),
        (datetime(2026, 1, 31, 12), "2026-01-31T12:00:00Z"),  # noqa: DTZ001 (AMQP's have no zone)
    ],
)
def test_values_of_other_types_become_canonical_strings(value: object, text: str) -> None:
    assert decoded(message(headers=ce_headers(note=value))).extensions == {"note": text}


def test_a_time_is_sent_on_as_it_came() -> None:
    event = decoded(message(headers=ce_headers(time="2026-01-31T14:00:00.123456789+02:00")))
    assert event.time == datetime(2026, 1, 31, 12, 0, 0, 123456, UTC)
    assert amqp.encode(event).headers["ce-time"] == "2026-01-31T14:00:00.123456789+02:00"


def test_a_time_that_is_missing_is_that_of_the_message_or_now() -> None:
    stamped = decoded(message(headers=ce_headers(time=None), timestamp=1_769_860_800))
    assert stamped.time == datetime(2026, 1, 31, 12, tzinfo=UTC)
    before = datetime.now(UTC)
    assert before <= decoded(message(headers=ce_headers(time=None))).time <= datetime.now(UTC)


@pytest.mark.parametrize("name", ["subject", "dataschema", "time", "datacontenttype"])
@pytest.mark.parametrize("nothing", ["", None])
def test_an_empty_optional_header_says_nothing(name: str, nothing: str | None) -> None:
    headers: dict[str, object] = {**ce_headers(), f"ce-{name}": nothing}
    event = decoded(message(headers=headers))
    assert (event.subject, event.dataschema) == (None, None)


def test_the_content_type_is_the_propertys_then_the_headers() -> None:
    headers = ce_headers(datacontenttype="text/plain")
    by_property = decoded(message(headers=headers))
    by_header = decoded(message(b"Joe", headers=headers, content_type=None))
    by_body = decoded(message(headers=ce_headers(), content_type=None))
    assert by_property.datacontenttype == "application/json"
    assert (by_header.datacontenttype, by_header.data) == ("text/plain", "Joe")
    assert (by_body.datacontenttype, by_body.data) == ("application/json", {"name": "Joe"})


BAD_HEADERS: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "no id": ({"id": None}, ("id", "is missing")),
    "no type": ({"type": None}, ("type", "is missing")),
    "no source": ({"source": None}, ("source", "is missing")),
    "no version": ({"specversion": None}, ("specversion", "is missing")),
    "an empty id": ({"id": ""}, ("id", "is empty")),
    "a version to come": ({"specversion": "2.0"}, ("specversion", "is '2.0'")),
    "a bad time": ({"time": "yesterday"}, ("time", "'yesterday' is not a time with its zone")),
    "a table": ({"note": {"a": 1}}, ("note", "cannot be this value of type dict")),
    "a name with a dash": ({"my-ext": "1"}, ("my-ext", "cannot be the name of an attribute")),
    "the same name in capitals": ({"ID": "2"}, ("id", "is given twice")),
}


@pytest.mark.parametrize(("changes", "expected"), BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_bad_attributes_are_refused_by_name(
    changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    with pytest.raises(InvalidEvent) as raised:
        amqp.decode(message(headers=ce_headers(**changes)))
    assert refused(raised) == expected


def test_bad_data_is_refused() -> None:
    with pytest.raises(InvalidEvent) as raised:
        amqp.decode(message(b"{", headers=ce_headers()))
    assert refused(raised)[0] == "data"


def test_knatives_bare_names_are_understood() -> None:
    headers: dict[str, object] = {
        **MINIMAL,
        "subject": "4711",
        "tenant": "acme",
        "x-death": [{}],
        "cc": ["q"],
    }
    headers |= {"BCC": ["q"], "table": {"a": 1}, "Other-Header": "1"}
    event = decoded(message(headers=headers))
    assert (event.id, event.source, event.subject) == ("a-1", "/shop", "4711")
    assert event.extensions == {"tenant": "acme"}


def test_bare_names_count_only_when_all_mandatory_ones_are_there() -> None:
    headers = {"id": "task-1", "type": "app.tasks.add", "source": "celery"}
    event = decoded(message(headers=headers, routing_key="tasks"))
    assert (event.type, event.source, event.extensions) == ("tasks", "/amqp/", {})


def test_a_plain_message_becomes_an_event() -> None:
    event = decoded(
        message(
            b'{"name": "Joe"}',
            content_type=None,
            message_id="m-1",
            timestamp=1_769_860_800,
            app_id="my shop",
            exchange="durian.events",
            routing_key="person.created",
            headers={"x-app": "anything"},
        )
    )
    assert amqp.encode(event) == Message(
        body=b'{"name": "Joe"}',
        headers={
            "ce-specversion": "1.0",
            "ce-id": "m-1",
            "ce-source": "/amqp/durian.events/my%20shop",
            "ce-type": "person.created",
            "ce-time": "2026-01-31T12:00:00Z",
        },
        content_type="application/json",
        message_id="m-1",
        type="person.created",
        routing_key="person.created",
    )


def test_the_type_of_a_plain_message_is_its_property_then_its_routing_key() -> None:
    assert decoded(message(type="order", routing_key="shop")).type == "order"
    assert decoded(message(type="", routing_key="shop")).type == "shop"
    with pytest.raises(InvalidEvent) as raised:
        amqp.decode(message())
    assert refused(raised) == ("type", "is missing")


def test_a_plain_message_keeps_its_derived_id_when_delivered_again() -> None:
    first = message(routing_key="a", timestamp=1)
    again = message(routing_key="a", timestamp=1, headers={"x-delivery-count": 1})
    assert decoded(first).id == decoded(again).id


@pytest.mark.parametrize(
    "other",
    [
        message(b'{"name":"Bo"}', routing_key="a", timestamp=1),
        message(routing_key="b", timestamp=1),
        message(routing_key="a", timestamp=2),
        message(routing_key="a"),
        message(routing_key="a", timestamp=1, exchange="x"),
    ],
)
def test_another_plain_message_has_another_derived_id(other: Message) -> None:
    assert decoded(other).id != decoded(message(routing_key="a", timestamp=1)).id


def test_a_timestamp_may_be_in_milliseconds_as_javascript_counts() -> None:
    event = decoded(message(routing_key="a", timestamp=1_769_860_800_000))
    assert event.time == datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_a_timestamp_out_of_range_is_refused() -> None:
    with pytest.raises(InvalidEvent) as raised:
        amqp.decode(message(routing_key="a", timestamp=2**63))
    assert refused(raised) == ("time", "is a timestamp out of range")


def test_a_structured_message_speaks_for_itself() -> None:
    body = b'{"specversion":"1.0","id":"1","source":"/s","type":"t","data": {"a": 1.0} }'
    event = decoded(
        message(body, content_type="Application/CloudEvents+JSON", headers=ce_headers())
    )
    assert (event.id, event.body) == ("1", b'{"a": 1.0}')


def test_a_batch_holds_several_events() -> None:
    one = b'{"specversion":"1.0","id":"1","source":"/s","type":"t"}'
    two = b'{"specversion":"1.0","id":"2","source":"/s","type":"t","data":[ ]}'
    body = b"[" + one + b" ,\n" + two + b"]"
    events = amqp.decode(message(body, content_type="application/cloudevents-batch+json"))
    assert [(event.id, event.body) for event in events] == [("1", b""), ("2", b"[ ]")]


@pytest.mark.parametrize("content_type", ["application/json", "application/cloudevents+json"])
def test_gzip_is_undone_and_not_written_again(content_type: str) -> None:
    structured = b'{"specversion":"1.0","id":"a-1","source":"/s","type":"t","data":{"a":1}}'
    body = structured if "cloudevents" in content_type else b'{"a":1}'
    event = decoded(
        message(
            gzip.compress(body),
            content_type=content_type,
            content_encoding="gzip",
            headers=ce_headers(),
        )
    )
    encoded = amqp.encode(event)
    assert (encoded.body, encoded.content_encoding) == (b'{"a":1}', None)


def test_a_charset_for_an_encoding_is_what_kombu_sends() -> None:
    assert decoded(message(headers=ce_headers(), content_encoding="utf-8")).data == {"name": "Joe"}


@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_the_caps_are_the_callers_to_say(encoding: str | None) -> None:
    body = b'"' + b"x" * 2_000_000 + b'"'
    sent = gzip.compress(body) if encoding else body
    given = message(sent, headers=ce_headers(), content_encoding=encoding)
    with pytest.raises(InvalidEvent, match="1,048,576"):
        amqp.decode(given)
    (event,) = amqp.decode(given, caps=Caps(data_bytes=3_000_000))
    assert event.body == body


def test_attributes_of_reads_what_encode_wrote() -> None:
    event = Event(type="t", subject="s", extensions={"tenant": "acme"}, data={})
    written = amqp.encode(event)
    assert amqp.attributes_of(written) == event.attributes


def test_attributes_of_refuses_what_encode_did_not_write() -> None:
    with pytest.raises(InvalidEvent) as raised:
        amqp.attributes_of(message(routing_key="a"))
    assert refused(raised) == ("specversion", "is missing")
