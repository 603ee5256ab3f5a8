from __future__ import annotations

import pytest

from durian.console.moments import read_moment
from durian.errors import InvalidInput

#: 2027-01-15T08:00:00Z
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", NOW - 90),
        ("15m", NOW - 900),
        (" 2h ", NOW - 7200),
        ("7d", NOW - 604_800),
        ("2w", NOW - 1_209_600),
        ("0s", NOW),
        ("999999999w", 0),
        ("2027-01-15T08:00:00Z", NOW),
        ("2027-01-15T08:00", NOW),
        ("2027-01-15 08:00:00", NOW),
        ("2027-01-15T09:00:00.5+01:00", NOW + 0.5),
        ("2027-01-15", NOW - 8 * 3600),
        ("1969-12-31", 0),
    ],
)
def test_a_moment_is_so_long_ago_or_by_the_clock(text: str, seconds: float) -> None:
    assert read_moment("--since", text, NOW) == round(seconds * 1000)


@pytest.mark.parametrize("text", ["", "2", "h", "2 h", "-2h", "2.5h", "yesterday", "2027-13-01"])
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="--since") as caught:
        read_moment("--since", text, NOW)
    assert "2h" in caught.value.advice
