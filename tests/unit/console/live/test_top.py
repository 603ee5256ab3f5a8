"""The live screen of `durian top`, of a source that changes, goes away and returns."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rich.console import Console

from durian.console.live import top
from durian.console.live.look import counted
from durian.console.live.show import summary
from durian.console.live.top import run_top
from durian.errors import BrokerUnavailable, NotAllowed

#: How a terminal is told to show another screen, and to show the one before again.
ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"

#: What moves the cursor or colours text.
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Source:
    """A server with listeners, as the client tells of it; what each look does is given."""

    def __init__(self, *looks: Callable[[], None], listeners: int = 40) -> None:
        self._looks = iter(looks)
        self.names = [f"listener-{number:02}" for number in range(listeners)]
        self.missing: list[str] = []
        #: When its queues were counted; what is missing was not.
        self.counted = dict.fromkeys(("at", "listeners_at"), "2026-11-23T10:00:00Z")

    def stats(self, *, window_s: int) -> dict[str, Any]:
        assert window_s == 300
        next(self._looks)()
        return rates(5) | {
            "events_per_s": 12.5,
            "listeners": len(self.names),
            "failing": 1,
            "worst": [{"listener": self.names[-1], "failing_since": "2026-11-23T10:00:00Z"}],
            "backlog": dict.fromkeys(
                ("route", "ready", "delayed", "dead", "attempts", "orphans", "invalid", "unrouted"),
                0,
            )
            | {"most": [], "missing": self.missing}
            | {"at": None, "listeners_at": None, **self.counted},
        }

    def listener_stats(self, names: list[str], *, window_s: int) -> list[dict[str, Any]]:
        assert window_s == 300
        return [
            {"listener": name, "ready": 1, "dead": 0, "rates": rates(number)}
            for number, name in enumerate(names)
        ]

    def attempts(self, *, most: int) -> list[dict[str, Any]]:
        assert most
        return []

    def pages(self, path: str, *, most: int) -> Iterator[dict[str, Any]]:
        assert (path, most) == ("/v1/listeners", 100)
        return iter([{"id": name} for name in self.names])


def rates(attempts: int) -> dict[str, Any]:
    return {
        "attempts": attempts,
        "attempts_per_s": attempts / 300,
        "deliveries_per_s": attempts / 300,
        "success_rate": 0.5,
        "latency_ms": {"p50": 10.0, "p95": 20.0, "p99": 30.0},
    }


class Screen:
    """A terminal of a size, and what was written to it."""

    def __init__(self, width: int, height: int) -> None:
        self._written = io.StringIO()
        self.console = Console(
            file=self._written, force_terminal=True, width=width, height=height, color_system=None
        )

    def resize(self, width: int, height: int) -> Callable[[], None]:
        def change() -> None:
            self.console.size = (width, height)

        return change

    @property
    def raw(self) -> str:
        return self._written.getvalue()

    @property
    def pictures(self) -> list[list[str]]:
        """The lines of each picture that was shown, one after the other."""
        shown = self.raw.partition(ENTER)[2].rpartition(LEAVE)[0].split("\x1b[H")[1:]
        lines = [CONTROL.sub("", one).splitlines() for one in shown]
        return [one for one in lines if any(line.strip() for line in one)]


def watch(monkeypatch: pytest.MonkeyPatch, screen: Screen, source: Source) -> None:
    """Show the source until it says to stop."""
    monkeypatch.setattr(top, "console", lambda: screen.console)
    client: Any = source
    run_top(client, every_s=0.0, window_s=300, once=False, as_json=False)


@pytest.fixture
def stop(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """What a Ctrl-C sets; a look that sets it is the last."""
    event = threading.Event()

    class Signals:
        def __enter__(self) -> threading.Event:
            return event

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(top, "stop_signals", Signals)
    return event


def nothing() -> None:
    """A look that changes nothing."""


def listeners_in(picture: list[str]) -> list[str]:
    return [line.split()[0] for line in picture if line.strip().startswith("listener-")]


def test_it_fills_the_screen_with_those_that_matter_and_leaves_it_as_it_was(
    monkeypatch: pytest.MonkeyPatch, stop: threading.Event
) -> None:
    screen = Screen(100, 30)
    source = Source(nothing, stop.set)
    source.missing = ["router"]
    watch(monkeypatch, screen, source)
    assert screen.raw.count(ENTER) == screen.raw.count(LEAVE) == 1
    picture = screen.pictures[-1]
    assert len(picture) <= 30
    assert listeners_in(picture)[0] == "listener-39", "the one that fails"
    assert len(listeners_in(picture)) == 30 - 15
    text = "\n".join(picture)
    assert "40, 1 failing" in text
    assert "not at work" in text
    assert "`durian router`" in text


def test_a_terminal_that_is_resized_shows_as_many_as_fit_it(
    monkeypatch: pytest.MonkeyPatch, stop: threading.Event
) -> None:
    screen = Screen(100, 40)
    looks = (nothing, screen.resize(60, 20), nothing, screen.resize(30, 5), nothing, stop.set)
    watch(monkeypatch, screen, Source(*looks))
    wide, _, narrow, _, tiny, _ = screen.pictures
    assert [len(picture) for picture in (wide, narrow, tiny)] == [40, 20, 5]
    assert [len(listeners_in(picture)) for picture in (wide, narrow)] == [25, 5]
    assert listeners_in(narrow)[0] == "listener-39", "names stay whole"
    assert max(len(line) for line in narrow) <= 60
    assert max(len(line) for line in tiny) <= 30


@pytest.mark.parametrize("width", [40, 59, 60, 109, 110, 200])
def test_a_name_is_readable_however_narrow_the_terminal(
    monkeypatch: pytest.MonkeyPatch, stop: threading.Event, width: int
) -> None:
    screen = Screen(width, 30)
    watch(monkeypatch, screen, Source(stop.set))
    found = listeners_in(screen.pictures[-1])
    assert found
    assert len(set(found)) == len(found)


def test_a_broker_that_has_stopped_is_told_above_what_was_seen_last(
    monkeypatch: pytest.MonkeyPatch, stop: threading.Event
) -> None:
    def away() -> None:
        raise BrokerUnavailable("The broker [bold]is away\x1b[31m.")

    def away_and_end() -> None:
        stop.set()
        away()

    screen = Screen(100, 30)
    watch(monkeypatch, screen, Source(nothing, away, nothing, away_and_end))
    first, second, third, last = screen.pictures[-4:]
    assert listeners_in(first) == listeners_in(third)
    for picture in (second, last):
        assert picture[0].startswith(
            "The broker [bold]is away\\x1b[31m. Trying again; Ctrl-C stops."
        )
        assert listeners_in(picture)[0] == "listener-39"
    assert not [line for line in third if "Trying again" in line]


def test_a_broker_that_is_away_from_the_beginning_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, stop: threading.Event
) -> None:
    def away() -> None:
        raise BrokerUnavailable

    screen = Screen(100, 30)
    watch(monkeypatch, screen, Source(away, stop.set))
    before, after = screen.pictures[-2:]
    assert "Trying again" in before[0]
    assert listeners_in(after)


def test_what_is_refused_ends_it_and_the_screen_is_left(
    monkeypatch: pytest.MonkeyPatch, stop: threading.Event
) -> None:
    del stop

    def refuse() -> None:
        raise NotAllowed("It needs the scope read.")

    screen = Screen(100, 30)
    with pytest.raises(NotAllowed):
        watch(monkeypatch, screen, Source(nothing, refuse))
    assert screen.raw.count(LEAVE) == 1


def test_what_waits_is_not_told_before_it_was_counted() -> None:
    source = Source(*[nothing] * 3)
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        source.counted = {"at": "2026-11-23T10:00:00Z"}
        if len(waits) > 1:
            source.counted["listeners_at"] = "2026-11-23T10:00:00Z"
        return False

    source.counted = {}
    client: Any = source
    told = dict(summary(counted(client, window_s=300, wait=wait)))
    assert len(waits) == 2
    assert told["waiting"] == "route 0  ready 0  delayed 0  dead 0  attempts 0"


def test_a_count_that_does_not_come_is_not_told_as_nothing() -> None:
    source = Source(*[nothing] * 1000)
    source.counted = {}
    client: Any = source
    waited = 0.0

    def wait(seconds: float) -> bool:
        nonlocal waited
        waited += seconds
        return False

    told = dict(summary(counted(client, window_s=300, wait=wait)))
    assert waited == 10
    assert told["waiting"] == "not counted; `durian doctor` says whether the broker answers"
    source.counted = {"at": "2026-11-23T10:00:00Z"}
    told = dict(summary(counted(client, window_s=300, wait=lambda _: True)))
    assert told["waiting"] == "route 0  ready -  delayed -  dead -  attempts 0"
