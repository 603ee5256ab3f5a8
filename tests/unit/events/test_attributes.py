from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from durian.errors import InvalidEvent
from durian.events.attributes import check
from durian.events.canonical import canonical, from_timestamp, parse_time
from durian.events.caps import CAPS, Caps
from tests.support.events import MINIMAL, refused

ACCEPTED: dict[str, tuple[str, str]] = {
    "a type of words": ("type", "com.example.order.paid"),
    "a type with empty words": ("type", "a..b"),
    "a type with a star within a word": ("type", "a*.b"),
    "a type in another script": ("type", "заказ.оплачен"),
    "a type of 255 bytes": ("type", "x" * 255),
    "an id with spaces": ("id", "order 7 / 2"),
    "an id in another script": ("id", "注文-7"),
    "a source that is a path": ("source", "/shop"),
    "a source that is a URN": ("source", "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66"),
    "a source that is a mail address": ("source", "mailto:joe@example.com"),
    "a schema": ("dataschema", "https://example.com/order.json#v1"),
    "a content type with parameters": ("datacontenttype", 'text/plain; charset="utf-8"'),
    "a subject with an emoji": ("subject", "\N{GRINNING FACE}"),
    "an extension": ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    "an extension without a value": ("note", ""),
    "an extension of digits": ("2fa", "yes"),
}


@pytest.mark.parametrize(("name", "value"), ACCEPTED.values(), ids=ACCEPTED)
def test_check_accepts(name: str, value: str) -> None:
    assert check({**MINIMAL, name: value}, CAPS) == datetime(2026, 1, 31, 12, 0, 0, 250000, UTC)


REFUSED: dict[str, tuple[str, str, str]] = {
    "no specversion": ("specversion", "", "is empty"),
    "an older version": ("specversion", "0.3", "is '0.3'"),
    "an empty id": ("id", "", "is empty"),
    "an id with a line break": ("id", "a\nb", "holds the character U+000A"),
    "a long id": ("id", "x" * 256, "is 256 bytes; at most 255 are allowed"),
    "an id long in bytes": ("id", "é" * 128, "is 256 bytes; at most 255 are allowed"),
    "a source with a space": ("source", "/my shop", "has white space"),
    "a type with a space": ("type", "order paid", "'order paid' has white space"),
    "a type with a tab": ("type", "order\tpaid", "holds the character U+0009"),
    "a type with a wide space": ("type", "order\u3000paid", "'order\\u3000paid' has white space"),
    "a star for a type": ("type", "*", "'*' has a wildcard for a word"),
    "a star for a word": ("type", "order.*", "'order.*' has a wildcard for a word"),
    "a hash for a word": ("type", "#.paid", "'#.paid' has a wildcard for a word"),
    "a long type": ("type", "x" * 256, "is 256 bytes; at most 255 are allowed"),
    "a type long in bytes": ("type", "é" * 128, "is 256 bytes; at most 255 are allowed"),
    "an empty subject": ("subject", "", "is empty"),
    "a relative schema": ("dataschema", "/order.json", "'/order.json' is not an absolute URI"),
    "an empty schema": ("dataschema", "", "'' is not an absolute URI"),
    "a bare word for a content type": ("datacontenttype", "json", "'json' is not a media type"),
    "a content type beyond ASCII": ("datacontenttype", "text/é", "'text/é' is not a media type"),
    "a header hidden in a content type": (
        "datacontenttype",
        "text/plain\r\n;x",
        "holds the character U+000D",
    ),
    "an extension in capitals": ("Tenant", "a", "cannot be the name of an attribute"),
    "an extension with a dash": ("my-ext", "a", "cannot be the name of an attribute"),
    "an extension called data": ("data", "a", "cannot be an extension"),
    "a NUL": ("note", "a\0", "holds the character U+0000"),
    "a control character beyond ASCII": ("note", "\x85", "holds the character U+0085"),
    "a lone surrogate": ("note", "\ud800", "holds the character U+D800"),
    "a noncharacter": ("note", "\ufdd0", "holds the character U+FDD0"),
    "the last code point": ("note", "\U0010ffff", "holds the character U+10FFFF"),
}


@pytest.mark.parametrize(("name", "value", "reason"), REFUSED.values(), ids=REFUSED)
def test_check_refuses(name: str, value: str, reason: str) -> None:
    with pytest.raises(InvalidEvent) as raised:
        check({**MINIMAL, name: value}, CAPS)
    assert refused(raised) == (name, reason)


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
def test_check_misses_a_mandatory_attribute(name: str) -> None:
    attributes = {key: value for key, value in MINIMAL.items() if key != name}
    with pytest.raises(InvalidEvent) as raised:
        check(attributes, CAPS)
    assert refused(raised) == (name, "is missing")


def test_an_extension_with_a_long_name_is_refused() -> None:
    assert check({**MINIMAL, "x" * 64: "a"}, CAPS)
    with pytest.raises(InvalidEvent, match="cannot be the name of an attribute"):
        check({**MINIMAL, "x" * 65: "a"}, CAPS)


def test_a_nameless_attribute_is_refused() -> None:
    with pytest.raises(InvalidEvent, match="extensions: cannot be the name"):
        check({**MINIMAL, "": "a"}, CAPS)


def test_time_may_be_missing() -> None:
    assert check({**MINIMAL, "time": "2026-01-31T12:00:00Z"}, CAPS) is not None
    assert check({key: MINIMAL[key] for key in MINIMAL if key != "time"}, CAPS) is None


def test_attributes_together_stay_within_what_a_frame_holds() -> None:
    check({**MINIMAL, "note": "x" * 32_000}, CAPS)
    with pytest.raises(InvalidEvent) as raised:
        check({**MINIMAL, "note": "é" * 16_384}, CAPS)
    field, reason = refused(raised)
    assert field == "note"
    assert reason.startswith("is the largest of attributes of 32,9")
    assert reason.endswith("at most 32,768 are allowed")


def test_many_small_attributes_are_counted_with_what_each_costs() -> None:
    many = {f"x{number}": "" for number in range(1_700)}
    with pytest.raises(InvalidEvent, match="at most 32,768 are allowed"):
        check({**MINIMAL, **many}, CAPS)
    assert check({**MINIMAL, **many}, Caps(attributes_bytes=1 << 20))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31t12:00:00z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00.5Z", datetime(2026, 1, 31, 12, 0, 0, 500_000, UTC)),
        ("2026-01-31T12:00:00.123456789Z", datetime(2026, 1, 31, 12, 0, 0, 123_456, UTC)),
        ("2026-01-31T12:00:00+05:30", datetime(2026, 1, 31, 6, 30, tzinfo=UTC)),
        ("2024-02-29T00:00:00-00:00", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_parse_time_reads_rfc_3339(text: str, moment: datetime) -> None:
    assert parse_time(text) == moment
    assert parse_time(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "1769860800",
        "2026-01-31",
        "20260131T120000Z",
        "2026-W05-6T12:00:00Z",
        "2026-01-31T12:00Z",
        "2026-01-31T12:00:00",
        "2026-01-31 12:00:00Z",
        "2026-01-31T12:00:00,5Z",
        "2026-01-31T12:00:00+0100",
        "2026-02-30T12:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T23:59:60Z",
        "2026-01-31T12:00:00+24:00",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "٢٠٢٦-01-31T12:00:00Z",
        "2026-01-31T12:00:00Z\n",
    ],
)
def test_parse_time_refuses(text: str) -> None:
    with pytest.raises(InvalidEvent) as raised:
        parse_time(text)
    assert refused(raised)[0] == "time"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is ", "as it is "),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-(2**63), "-9223372036854775808"),
        (1.5, "1.5"),
        (Decimal("1.50"), "1.50"),
        (b"bytes", "bytes"),
        ("Zoë".encode(), "Zoë"),
        (datetime(2026, 1, 31, 12), "2026-01-31T12:00:00Z"),  # noqa: DTZ001 (AMQP's have no zone)
        (datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2))), "2026-01-31T10:00:00Z"),
    ],
)
def test_canonical_strings(value: object, text: str) -> None:
    assert canonical("x", value) == text


@pytest.mark.parametrize(
    "value",
    [None, [], {}, object(), b"\xff", float("nan"), float("inf"), Decimal("sNaN"), 2**64, 10**9999],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_canonical_string_is_refused(value: object) -> None:
    with pytest.raises(InvalidEvent) as raised:
        canonical("note", value)
    assert refused(raised)[0] == "note"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (1_769_860_800, "2026-01-31T12:00:00Z"),
        (1_769_860_800_250, "2026-01-31T12:00:00.250000Z"),
        (10**11 - 1, "5138-11-16T09:46:39Z"),
        (10**11, "1973-03-03T09:46:40Z"),
    ],
)
def test_timestamps_are_in_seconds_or_milliseconds(count: int, text: str) -> None:
    assert from_timestamp(count) == text
    assert canonical("time", count) == text


@pytest.mark.parametrize("seconds", [-(10**14), 10**15, 10**30, 10**400])
def test_a_timestamp_out_of_range_is_refused(seconds: int) -> None:
    with pytest.raises(InvalidEvent, match="time: is a timestamp out of range"):
        from_timestamp(seconds)
