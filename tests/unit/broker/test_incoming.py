"""What is read past pika is what pika reads, and what is unusual is left to pika."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pika import BasicProperties, frame, spec

from durian.broker.rabbit.codec import message_of
from durian.broker.rabbit.incoming import Confirm, confirm_in, delivery_in, is_begun, is_delivery

SHORT = st.text(st.characters(codec="utf-8"), max_size=60)
ABSENT_OR_SHORT = st.none() | SHORT
PROPERTIES = st.builds(
    BasicProperties,
    content_type=ABSENT_OR_SHORT,
    content_encoding=ABSENT_OR_SHORT,
    headers=st.none() | st.dictionaries(SHORT, st.text(st.characters(codec="utf-8")), max_size=4),
    delivery_mode=st.none() | st.integers(1, 2),
    priority=st.none() | st.integers(0, 255),
    correlation_id=ABSENT_OR_SHORT,
    reply_to=ABSENT_OR_SHORT,
    expiration=ABSENT_OR_SHORT,
    message_id=ABSENT_OR_SHORT,
    timestamp=st.none() | st.integers(0, 2**63),
    type=ABSENT_OR_SHORT,
    user_id=ABSENT_OR_SHORT,
    app_id=ABSENT_OR_SHORT,
)
METHODS = st.builds(
    spec.Basic.Deliver,
    consumer_tag=SHORT,
    delivery_tag=st.integers(1, 2**63),
    redelivered=st.booleans(),
    exchange=SHORT,
    routing_key=SHORT,
)


def frames_of(
    method: spec.Basic.Deliver, properties: BasicProperties, body: bytes, channel: int = 3
) -> list[bytes]:
    bodies = [frame.Body(channel, body).marshal()] if body else []
    header = frame.Header(channel, len(body), properties).marshal()
    return [frame.Method(channel, method).marshal(), header, *bodies]


def plain(body: bytes = b"{}", **headers: Any) -> list[bytes]:
    method = spec.Basic.Deliver("c", 7, redelivered=False, exchange="x", routing_key="key")
    return frames_of(method, BasicProperties(headers=headers, type="person"), body)


@given(METHODS, PROPERTIES, st.binary(max_size=40), st.integers(1, 65535))
def test_a_delivery_is_what_pika_reads(
    method: spec.Basic.Deliver, properties: BasicProperties, body: bytes, channel: int
) -> None:
    frames = frames_of(method, properties, body, channel)
    found = delivery_in([b"before", *frames, b"behind"], 1)
    assert found is not None
    assert (found.channel, found.consumer) == (channel, str(method.consumer_tag).encode())
    assert (found.tag, found.redelivered) == (method.delivery_tag, method.redelivered)
    assert found.frames == len(frames)
    read = frame.decode_frame(frames[1])[1]
    assert isinstance(read, frame.Header)
    assert found.message == message_of(method, read.properties, body)


@pytest.mark.parametrize("value", [1, True, None, ["a"], {"a": "b"}, b"bytes", 2**40], ids=repr)
def test_a_header_that_is_no_string_is_for_pika(value: object) -> None:
    assert delivery_in(plain(b"{}", **{"ce-id": "1", "other": value}), 0) is None


def test_text_that_is_no_utf_8_is_for_pika() -> None:
    method, header, body = plain(name="12345")
    assert delivery_in([method, header.replace(b"12345", b"\xff2345"), body], 0) is None


@pytest.mark.parametrize("cut", range(1, 20))
def test_a_header_that_is_shorter_than_it_says_is_for_pika(cut: int) -> None:
    method, header, body = plain(name="12345")
    assert delivery_in([method, header[: -1 - cut] + header[-1:], body], 0) is None


def test_a_body_in_several_frames_is_for_pika() -> None:
    method, header, _ = plain(body=b"x" * 100)
    halves = [frame.Body(3, b"x" * 50).marshal()] * 2
    assert delivery_in([method, header, *halves], 0) is None


def test_frames_of_another_channel_between_make_it_one_for_pika() -> None:
    method, header, body = plain()
    other = frame.Method(9, spec.Basic.Ack(1)).marshal()
    for between in ([method, other, header, body], [method, header, other, body]):
        assert delivery_in(between, 0) is None
        assert not is_begun(between, 0)


def test_a_delivery_is_waited_for_until_it_is_whole() -> None:
    frames = plain()
    assert [is_begun(frames[:count], 0) for count in (1, 2, 3)] == [True, True, False]
    empty = plain(body=b"")
    assert [is_begun(empty[:count], 0) for count in (1, 2)] == [True, False]


def test_a_large_body_is_not_waited_for() -> None:
    """It may come in several frames, which pika joins."""
    method, header, _ = plain(body=b"x" * 100_000)
    assert not is_begun([method, header], 0)


@pytest.mark.parametrize("several", [False, True])
def test_a_confirm_is_read(*, several: bool) -> None:
    ack = frame.Method(5, spec.Basic.Ack(2**40, multiple=several)).marshal()
    assert confirm_in(ack) == Confirm(5, 2**40, several)
    assert not is_delivery(ack)


@pytest.mark.parametrize(
    "other",
    [
        frame.Method(5, spec.Basic.Nack(1)).marshal(),
        frame.Method(5, spec.Basic.ConsumeOk("c")).marshal(),
        frame.Heartbeat().marshal(),
        frame.ProtocolHeader(1, 0, 0).marshal(),
        frame.Body(5, bytes([0, 60, 0, 60, 0, 60, 0, 80]) * 4).marshal(),
    ],
    ids=["nack", "consume-ok", "heartbeat", "protocol", "body"],
)
def test_everything_else_is_neither(other: bytes) -> None:
    assert confirm_in(other) is None
    assert not is_delivery(other)
