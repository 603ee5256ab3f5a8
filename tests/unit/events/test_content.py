from __future__ import annotations

import gzip
import zlib

import pytest

from durian.errors import InvalidEvent
from durian.events import content
from durian.events.caps import CAPS, Caps
from durian.events.media import format_of, kind_of
from tests.support.events import refused


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("application/json", "json"),
        ("Application/JSON ; charset=utf-8", "json"),
        ("text/json", "json"),
        ("application/geo+json", "json"),
        ("text/plain", "text"),
        ("text/csv; charset=UTF-8", "text"),
        ('text/html; charset="us-ascii"', "text"),
        ("text/html; charset=iso-8859-1", "binary"),
        ("application/xml", "text"),
        ("image/svg+xml", "text"),
        ("application/jsonp", "binary"),
        ("application/octet-stream", "binary"),
        ("nonsense", "binary"),
    ],
)
def test_kind_of(content_type: str, kind: str) -> None:
    assert kind_of(content_type) == kind


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("application/json", None),
        ("", None),
        ("application/cloudevents+json", "structured"),
        ("Application/CloudEvents+JSON; charset=utf-8", "structured"),
        ("application/cloudevents", "structured"),
        ("application/cloudevents-batch+json", "batch"),
        ("application/cloudevents-batch", "batch"),
        ("application/cloudevents+avro", "unknown"),
        ("application/cloudevents-batch+protobuf", "unknown"),
    ],
)
def test_format_of(content_type: str, kind: str | None) -> None:
    assert format_of(content_type) == kind


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1}', ("application/json", {"a": 1})),
        (b"", ("application/json", None)),
        (b"plain words", ("application/octet-stream", b"plain words")),
        (b"\x80\x04\x95", ("application/octet-stream", b"\x80\x04\x95")),
        (b"NaN", ("application/octet-stream", b"NaN")),
    ],
)
def test_without_a_content_type_data_is_json_if_it_parses(
    body: bytes, expected: tuple[str, object]
) -> None:
    assert content.read(body, None, CAPS) == expected


@pytest.mark.parametrize("encoding", [None, "", "identity", "utf-8", "UTF-8", "binary", "us-ascii"])
def test_encodings_that_compress_nothing_leave_the_body_alone(encoding: str | None) -> None:
    body = b'{"a":1}'
    assert content.inflate(body, encoding, 10) is body


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", " gzip "])
def test_gzip_is_undone(encoding: str) -> None:
    assert content.inflate(gzip.compress(b'{"a":1}'), encoding, 10) == b'{"a":1}'


def test_all_members_of_a_gzip_stream_count() -> None:
    assert content.inflate(gzip.compress(b'{"a":') + gzip.compress(b"1}"), "gzip", 7) == b'{"a":1}'


@pytest.mark.parametrize(
    ("body", "encoding", "reason"),
    [
        (b"{}", "gzip", "the body is not gzip"),
        (gzip.compress(b"{}", mtime=0)[:-1], "gzip", "the body is not gzip: incomplete"),
        (gzip.compress(b"{}", mtime=0) + b"!", "gzip", "the body is not gzip"),
        (zlib.compress(b"{}"), "gzip", "the body is not gzip"),
        (b"{}", "br", "'br' is not understood"),
        (b"{}", "deflate", "'deflate' is not understood"),
    ],
)
def test_what_cannot_be_undone_is_refused(body: bytes, encoding: str, reason: str) -> None:
    with pytest.raises(InvalidEvent) as raised:
        content.inflate(body, encoding, 100)
    field, text = refused(raised)
    assert field == "content_encoding"
    assert text.startswith(reason)


def test_an_empty_gzip_body_is_no_data() -> None:
    assert content.inflate(b"", "gzip", 100) == b""


@pytest.mark.parametrize("members", [1, 40])
def test_a_bomb_is_never_blown_up(members: int) -> None:
    bomb = gzip.compress(bytes(1_000_000)) * members
    with pytest.raises(InvalidEvent) as raised:
        content.inflate(bomb, "gzip", 999_999)
    assert refused(raised) == (
        "content_encoding",
        "the body decompresses to more than 999,999 bytes",
    )


def test_exactly_what_is_allowed_passes() -> None:
    assert len(content.inflate(gzip.compress(bytes(1_000)) * 2, "gzip", 2_000)) == 2_000


def test_read_keeps_the_cap_it_is_given() -> None:
    assert content.read(b"12345", "text/plain", Caps(data_bytes=5)) == ("text/plain", "12345")
    with pytest.raises(InvalidEvent, match="data: is 6 bytes; at most 5 are allowed"):
        content.read(b"123456", "text/plain", Caps(data_bytes=5))
