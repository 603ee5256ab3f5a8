"""Print an arrival for people."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime

from durian.console.endpoint.arrival import Arrival
from durian.console.output import one_line, say, styled

#: Characters of a body that are printed; the rest is counted.
SHOWN_BODY = 4000

#: Characters of a body that are printed as they were received, on one line.
ONE_LINE = 100


def show(arrival: Arrival, indent: str = "") -> None:
    """Print a request as it was received: request line, headers, body, and the verdict."""
    at = datetime.fromtimestamp(arrival.at).astimezone()
    line = one_line(f"{arrival.method} {arrival.path}")
    say(
        indent,
        styled(line, "bold"),
        styled(f"  {at:%H:%M:%S.%f}"[:-3], "dim"),
        styled(f"  answered {arrival.answered}", "green" if arrival.accepted else "red"),
    )
    for name, value in arrival.headers:
        say(indent, "    ", styled(f"{name}: ", "cyan"), one_line(value))
    for line in pretty(arrival).splitlines():
        say(indent, "    ", line)
    say(indent, "    ", styled(verdict(arrival), "green" if arrival.verified else "yellow"))


def verdict(arrival: Arrival) -> str:
    """Say whether the signature holds."""
    if arrival.verified:
        return "signature verified"
    word = "not checked" if arrival.verified is None else "NOT verified"
    return f"signature {word}: {arrival.reason}"


def pretty(arrival: Arrival) -> str:
    """The body: as it is when it fits a line, else JSON is indented; a long one is cut."""
    text = arrival.text()
    if len(text) <= ONE_LINE:
        return text
    with suppress(ValueError, RecursionError):  # what is no JSON is shown as it is
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    rest = len(text) - SHOWN_BODY
    return f"{text[:SHOWN_BODY]}\n... {rest} characters more" if rest > 0 else text
