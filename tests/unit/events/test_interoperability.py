"""The CloudEvents SDK reads what we write, and we read what it writes."""

from __future__ import annotations

from typing import Any

import pytest
from cloudevents.core.bindings import amqp as sdk_amqp
from cloudevents.core.bindings import http as sdk_http
from cloudevents.core.bindings import rabbitmq as sdk_rabbitmq
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from durian.events import Event, Message, amqp, http
from tests.support.events import MOMENT

ATTRIBUTES = {
    "specversion": "1.0",
    "id": "a-1",
    "source": "/shop",
    "type": "order.paid",
    "time": MOMENT,
    "subject": "Zoë 7",
    "datacontenttype": "application/json",
    "dataschema": "https://example.com/order.json",
    "tenant": "acme",
}
DATA = {"total": 12.5, "lines": ["ä", None]}

THEIRS = CloudEvent(attributes=dict(ATTRIBUTES), data=DATA)
OURS = Event(
    type="order.paid",
    id="a-1",
    source="/shop",
    time=MOMENT,
    subject="Zoë 7",
    dataschema="https://example.com/order.json",
    extensions={"tenant": "acme"},
    data=DATA,
)


def assert_same(theirs: Any) -> None:
    """Check that an event of the SDK says what ours says."""
    assert {name: value for name, value in theirs.get_attributes().items() if value} == ATTRIBUTES
    assert theirs.get_data() == DATA


def assert_ours(event: Event) -> None:
    """Check an event of ours against the one we would have made, but for the bytes of its data."""
    assert (event.attributes.keys(), event.data) == (OURS.attributes.keys(), DATA)
    assert (event.id, event.subject, event.time) == ("a-1", "Zoë 7", MOMENT)
    assert event.extensions == {"tenant": "acme"}


@pytest.mark.parametrize("write", [sdk_rabbitmq.to_binary, sdk_rabbitmq.to_structured])
def test_we_read_their_rabbitmq_messages(write: Any) -> None:
    sent = write(THEIRS, JSONFormat())
    given = Message(body=sent.body, headers=sent.headers, content_type=sent.content_type)
    assert_ours(amqp.decode(given)[0])


def test_they_read_our_rabbitmq_messages() -> None:
    ours = amqp.encode(OURS)
    headers = {name: str(value) for name, value in ours.headers.items()}
    given = sdk_rabbitmq.RabbitMQMessage(headers, ours.content_type, ours.body)
    assert_same(sdk_rabbitmq.from_rabbitmq(given, JSONFormat()))


def test_we_read_their_amqp_1_0_properties() -> None:
    sent = sdk_amqp.to_binary(THEIRS, JSONFormat())
    content_type = sent.properties["content-type"]
    given = Message(
        body=sent.application_data,
        headers=sent.application_properties,
        content_type=content_type,
    )
    assert_ours(amqp.decode(given)[0])


@pytest.mark.parametrize("write", [sdk_http.to_binary, sdk_http.to_structured])
def test_we_read_their_requests(write: Any) -> None:
    sent = write(THEIRS, JSONFormat())
    assert_ours(http.decode(sent.headers, sent.body)[0])


@pytest.mark.parametrize("write", [http.encode_binary, http.encode_structured])
def test_they_read_our_requests(write: Any) -> None:
    headers, body = write(OURS)
    assert_same(sdk_http.from_http(sdk_http.HTTPMessage(headers, body), JSONFormat()))
