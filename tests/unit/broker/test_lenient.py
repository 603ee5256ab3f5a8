"""Headers that make pika give up must not end the connection: each is read by both."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Any

import pytest
from pika import BasicProperties, data, frame

from durian.broker.rabbit.lenient import UNREADABLE, read_header

MILLISECONDS = struct.pack(">Q", 1_800_000_000_000)


def shortstr(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


def header(*values: tuple[str, bytes]) -> bytes:
    """A content header with the given values as AMQP encodes them: (name, type and value)."""
    table = b"".join(shortstr(name) + value for name, value in values)
    properties = b"".join(
        [
            struct.pack(">H", 0b1110_0000_1000_0000 | BasicProperties.FLAG_DELIVERY_MODE),
            shortstr("application/json"),
            shortstr("utf-8"),
            struct.pack(">I", len(table)) + table,
            b"\x02",
            shortstr("id-1"),
        ]
    )
    content = struct.pack(">HHQ", 60, 0, 1234) + properties
    return struct.pack(">BHL", 2, 7, len(content)) + content + b"\xce"


def nested(depth: int) -> bytes:
    value = b"V"
    for _ in range(depth):
        value = b"A" + struct.pack(">I", len(value)) + value
    return value


GOOD = ("ce-id", b"S" + struct.pack(">I", 1) + b"1")


@pytest.mark.parametrize(
    "bad",
    [
        b"T" + MILLISECONDS,
        b"f" + struct.pack(">f", float("nan")),
        b"d" + struct.pack(">d", float("inf")),
        nested(3000),
        b"F" + struct.pack(">I", 12) + shortstr("at") + b"T" + MILLISECONDS,
    ],
    ids=["milliseconds", "nan", "infinity", "nested", "inside"],
)
def test_one_unreadable_header_is_none_and_all_else_is_read(bad: bytes) -> None:
    encoded = header(GOOD, ("bad", bad), ("ce-type", b"S" + struct.pack(">I", 6) + b"person"))
    with pytest.raises(UNREADABLE):
        frame.decode_frame(encoded)
    found = read_header(encoded + b"the next frame")
    assert found is not None
    size, read = found
    assert size == len(encoded)
    assert (read.channel_number, read.body_size) == (7, 1234)
    properties = read.properties
    assert properties.headers == {"ce-id": "1", "bad": None, "ce-type": "person"}
    assert (properties.content_type, properties.content_encoding) == ("application/json", "utf-8")
    assert (properties.delivery_mode, properties.message_id) == (2, "id-1")


def test_behind_a_type_nobody_knows_nothing_is_read() -> None:
    found = read_header(header(GOOD, ("bad", b"?1234"), ("ce-type", b"V")))
    assert found is not None
    assert found[1].properties.headers == {"ce-id": "1", "bad": None}


def test_properties_without_texts_are_read() -> None:
    value = b"T" + MILLISECONDS
    table = shortstr("bad") + value
    properties = struct.pack(">HI", BasicProperties.FLAG_HEADERS, len(table)) + table
    content = struct.pack(">HHQ", 60, 0, 0) + properties
    found = read_header(struct.pack(">BHL", 2, 1, len(content)) + content + b"\xce")
    assert found is not None
    assert found[1].properties.headers == {"bad": None}


def test_what_is_no_content_header_is_left_to_pika() -> None:
    assert read_header(frame.Heartbeat().marshal()) is None


def test_pika_still_reads_what_it_can() -> None:
    """Else this module had to read it as well."""
    pieces: list[bytes] = []
    headers: dict[str, Any] = {
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "number": 1,
        "yes": True,
        "list": ["a"],
    }
    data.encode_table(pieces, headers)
    assert data.decode_table(b"".join(pieces), 0)[0] == headers
