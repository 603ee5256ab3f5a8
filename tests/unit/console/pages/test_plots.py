"""Plots are shapes of the right height, in the right place."""

from __future__ import annotations

import pytest

from durian.console.pages import shown
from durian.console.pages.plots import HEIGHT, WIDTH, Grid, columns, lines

GRID = Grid(since=0.0, step_s=60.0, count=4)


def test_columns_stand_on_one_another() -> None:
    plot = columns(GRID, [(60.0, (6.0, 2.0))], 2)
    assert list(plot.scale) == [8.0, 4.0, 0.0]
    assert plot.paths[0] == "M375 100v-75"
    assert plot.paths[1] == "M375 25v-25"
    assert [spot.values for spot in plot.spots][1] == (6.0, 2.0)


def test_what_lies_outside_is_left_out() -> None:
    plot = columns(GRID, [(-60.0, (1.0,)), (240.0, (1.0,))], 1)
    assert plot.is_empty


def test_a_line_stops_where_there_is_nothing() -> None:
    plot = lines(GRID, [(0.0, (10.0,)), (60.0, (5.0,)), (180.0, (10.0,))], 1)
    assert plot.paths[0] == "M125 0h0.01L375 50M875 0h0.01"


def test_a_scale_of_whole_numbers_names_whole_numbers() -> None:
    for most in range(300):
        scale = columns(GRID, [(0.0, (float(most),))], 1).scale
        assert scale[0] >= most
        assert all(value == int(value) for value in scale), most


def test_spots_fill_the_plot() -> None:
    plot = columns(GRID, [], 1)
    assert sum(spot.width for spot in plot.spots) == pytest.approx(WIDTH)
    assert plot.height == HEIGHT
    assert list(plot.marks) == [0, 60, 120, 180, 240]


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (shown.count(None), "\u2013"),
        (shown.count(12345), "12,345"),
        (shown.rate(None), "\u2013"),
        (shown.rate(3.25), "3.2 /s"),
        (shown.rate(2), "2 /s"),
        (shown.rate(0.5), "30 /min"),
        (shown.rate(0.001), "3.6 /h"),
        (shown.rate(0), "0 /h"),
        (shown.percent(None), "\u2013"),
        (shown.percent(1), "100 %"),
        (shown.percent(0.99999), "99.9 %"),
        (shown.milliseconds(12.4), "12 ms"),
        (shown.milliseconds(1234), "1.2 s"),
        (shown.milliseconds(120_000), "2 min"),
        (shown.size(512), "512 B"),
        (shown.size(1536), "1.5 KiB"),
        (shown.size(3 * 1024**2), "3.0 MiB"),
        (shown.iso(0), "1970-01-01T00:00:00.000Z"),
        (shown.utc(0), "1 Jan 1970 00:00:00 UTC"),
        (shown.schedule((0, 5, 300)), "0 s, 5 s, 5 min"),
    ],
)
def test_numbers_are_told_as_people_read_them(told: str, text: str) -> None:
    assert told == text


def test_a_sentence_is_taken_apart() -> None:
    pieces = list(shown.pieces("At 2026-01-02 03:04:05Z, run `durian up`."))
    assert [piece for piece in pieces if piece[1]] == [
        ("text", "At "),
        ("moment", "2026-01-02T03:04:05Z"),
        ("text", ", run "),
        ("code", "durian up"),
        ("text", "."),
    ]
