"""What is published past pika is what pika would have published, as pika itself reads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pika import frame, spec

from durian.broker.port import Address
from durian.broker.rabbit.outgoing import MAX_HEADER_BYTES, acking, publishing
from durian.errors import BrokerRefused
from durian.events.message import Message

SHORT = st.text(st.characters(codec="utf-8"), max_size=60)
ABSENT_OR_SHORT = st.none() | SHORT
MESSAGES = st.builds(
    Message,
    body=st.binary(max_size=50),
    headers=st.dictionaries(SHORT, st.text(st.characters(codec="utf-8"), max_size=300), max_size=5),
    content_type=ABSENT_OR_SHORT,
    content_encoding=ABSENT_OR_SHORT,
    message_id=ABSENT_OR_SHORT,
    type=ABSENT_OR_SHORT,
    timestamp=st.none() | st.integers(0, 2**64 - 1),
    app_id=ABSENT_OR_SHORT,
)
ADDRESSES = st.builds(Address, SHORT, SHORT, st.lists(SHORT, max_size=3).map(tuple))


@given(MESSAGES, ADDRESSES, st.integers(1, 65535), st.integers(1, 60))
def test_pika_reads_what_was_to_be_published(
    message: Message, to: Address, channel: int, body_most: int
) -> None:
    method, header, *bodies = read(publishing(message, to, channel, body_most))
    assert isinstance(method, frame.Method)
    assert isinstance(method.method, spec.Basic.Publish)
    assert (method.method.exchange, method.method.routing_key) == (to.exchange, to.routing_key)
    assert (method.method.mandatory, method.method.immediate) == (True, False)
    assert isinstance(header, frame.Header)
    assert header.body_size == len(message.body)
    properties = header.properties
    bcc = {"BCC": list(to.bcc)} if to.bcc else {}
    passed = {name: value for name, value in message.headers.items() if name not in {"CC", "BCC"}}
    assert properties.headers == passed | bcc
    assert properties.delivery_mode == 2
    for name in ("content_type", "content_encoding", "message_id", "type", "timestamp", "app_id"):
        assert getattr(properties, name) == getattr(message, name)
    fragments = [body.fragment for body in bodies if isinstance(body, frame.Body)]
    assert b"".join(fragments) == message.body
    assert max(map(len, fragments), default=0) <= body_most
    assert {each.channel_number for each in (method, header, *bodies)} == {channel}


@pytest.mark.parametrize("several", [False, True])
def test_pika_reads_an_ack(*, several: bool) -> None:
    [read_frame] = read(acking(7, 2**40, several=several))
    assert isinstance(read_frame, frame.Method)
    assert read_frame.channel_number == 7
    assert isinstance(read_frame.method, spec.Basic.Ack)
    assert (read_frame.method.delivery_tag, read_frame.method.multiple) == (2**40, several)


def test_headers_that_do_not_fit_a_frame_are_refused() -> None:
    """The broker would close the whole connection over them."""
    keys = tuple("k" * 255 for _ in range(63))
    message = Message(body=b"", headers={"long": "ä" * (MAX_HEADER_BYTES // 2 - 8_000)})
    with pytest.raises(BrokerRefused, match="headers take"):
        publishing(message, Address("x", "key", keys), 1, 100)


@pytest.mark.parametrize(
    "message",
    [
        Message(body=b"", message_id="ä" * 128),
        Message(body=b"", headers={"n" * 256: "value"}),
        Message(body=b"", headers={"name": "\udcff"}),
    ],
)
def test_what_is_no_amqp_is_a_mistake_of_values(message: Message) -> None:
    with pytest.raises(ValueError, match=r"255 bytes|surrogates"):
        publishing(message, Address("x", "key"), 1, 100)


def read(sent: bytes) -> list[frame.Frame]:
    """All that pika reads of what was sent."""
    frames: list[frame.Frame] = []
    while sent:
        size, found = frame.decode_frame(sent)
        assert isinstance(found, frame.Frame)
        frames.append(found)
        sent = sent[size:]
    return frames
