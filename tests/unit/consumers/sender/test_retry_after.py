"""`Retry-After` is read as seconds or an HTTP date, and never trips over what it is sent."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durian.consumers.sender.retry_after import parse_retry_after

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 120 ", 120.0),
        ("0120", 120.0),
        ("99999999999999", 99999999999999.0),
        ("9" * 5000, float("inf")),
        ("Fri, 15 Jan 2027 08:02:00 GMT", 120.0),
        ("Friday, 15-Jan-27 08:02:00 GMT", 120.0),
        ("Fri Jan 15 08:02:00 2027", 120.0),
        ("Fri, 15 Jan 2027 08:00:00 GMT", 0.0),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 15 Jan 2027 10:02:00 +0200", 120.0),
    ],
)
def test_seconds_and_dates_are_read(value: str, seconds: float) -> None:
    assert parse_retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", " ", "soon", "-1", "+1", "1.5", "1e3", "0x10", "1_000", "1, 2", "\u0661"),
        *("Fri, 99 Jan 2027 08:02:00 GMT", "Fri, 15 Foo 2027 08:02:00 GMT", "Fri, 15 Jan"),
        *("Fri, 15 Jan 99999 08:02:00 GMT", "Fri, 15 Jan 2027 08:02:00 +9999999999"),
        *("15", "Fri")[1:],
        "x" * 100_000,
    ],
)
def test_anything_else_asks_for_nothing(value: str | None) -> None:
    assert parse_retry_after(value, NOW) is None


@given(st.text(max_size=70))
def test_any_text_can_be_received(value: str) -> None:
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or seconds >= 0


@given(st.integers(0, 10**10))
def test_a_date_is_its_distance_from_now(moment: int) -> None:
    assert parse_retry_after(formatdate(moment, usegmt=True), NOW) == max(0.0, moment - NOW)
