"""`durian top` and `durian stats`: how everything fares, again and again or once."""

from __future__ import annotations

import threading
from datetime import datetime

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from durian.client import Client
from durian.console.live.look import Look, counted, look
from durian.console.live.show import shown, summary
from durian.console.moments import read_duration
from durian.console.output import console, facts, one_line, say_json
from durian.console.stop import stop_signals
from durian.errors import BrokerUnavailable, InvalidInput, RegistryUnavailable

#: What rates are counted by.
MINUTE_S = 60

#: Lines of the terminal that are not the table's rows.
_OTHER_LINES = 15

#: Rows where there is no terminal to fill.
_USUAL_ROWS = 20


def run_top(client: Client, *, every_s: float, window_s: int, once: bool, as_json: bool) -> None:
    """Show the listeners that matter most, the failing ones first, until told to stop."""
    if once:
        with stop_signals() as stop:
            overview = counted(client, window_s=window_s, wait=stop.wait)
        found = look(client, window_s=window_s, most=_rows(), overview=overview)
        say_json(found.to_json()) if as_json else console().print(_shown(found))
        return
    with stop_signals() as stop:
        if as_json:
            _print(client, every_s, window_s, stop)
        else:
            _watch(client, every_s, window_s, stop)


def show_stats(client: Client, *, window_s: int, as_json: bool) -> None:
    """Say once how everything fares."""
    with stop_signals() as stop:
        overview = counted(client, window_s=window_s, wait=stop.wait)
    say_json(overview) if as_json else facts(summary(overview))


def window_of(text: str, *, most_s: int) -> int:
    """Read for how long rates are told, in seconds. Raises InvalidInput."""
    window_s = read_duration("--window", text)
    if not MINUTE_S <= window_s <= most_s:
        raise InvalidInput("--window", f"must be from 1m to {most_s // 3600}h")
    return window_s


def _print(client: Client, every_s: float, window_s: int, stop: threading.Event) -> None:
    while not stop.is_set():
        say_json(look(client, window_s=window_s, most=_rows()).to_json())
        stop.wait(every_s)


def _watch(client: Client, every_s: float, window_s: int, stop: threading.Event) -> None:
    last: RenderableType = ""
    with Live(console=console(), screen=console().is_terminal, auto_refresh=False) as live:
        while not stop.is_set():
            try:
                found = look(client, window_s=window_s, most=_rows())
            except (BrokerUnavailable, RegistryUnavailable) as error:
                notice = f"{one_line(error.message)} Trying again; Ctrl-C stops."
                # What was seen last stays: it tells when that was.
                live.update(Group(Text(notice, style="red"), last), refresh=True)
            else:
                last = _shown(found)
                live.update(last, refresh=True)
            stop.wait(every_s)


def _shown(found: Look) -> RenderableType:
    return shown(found, datetime.now(), console().width)  # noqa: DTZ005  # the reader's own clock


def _rows() -> int:
    screen = console()
    return max(1, screen.height - _OTHER_LINES) if screen.is_terminal else _USUAL_ROWS
