"""What the doctor looks at on this machine: the installed extras, and what makes attempts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec

from durian.console.doctor.finding import Finding, fail, ok, warn
from durian.console.settings import PREFIX, Settings
from durian.console.variables import meant, misspelt
from durian.errors import MissingExtra

#: One module each that only an extra brings.
_MODULES = {"router": "pika", "consumer": "requests", "console": "starlette"}


def extras() -> Iterator[Finding]:
    """Which extras are installed."""
    for extra, module in _MODULES.items():
        if find_spec(module):
            yield ok(f"extra {extra}", "is installed")
        else:
            advice = f'Run: pip install "durian[{extra}]"'
            yield warn(f"extra {extra}", f"is not installed ({module} is missing)", advice)


def environment() -> Iterator[Finding]:
    """Whether every variable that looks like a setting is one."""
    found = [
        warn("environment", f"{name} is no setting, and does nothing", meant(near))
        for name, near in misspelt(os.environ)
    ]
    yield from found or [ok("environment", f"every variable {PREFIX}... is a setting")]


def sender(settings: Settings) -> Iterator[Finding]:
    """What makes the attempts, and what the other one would bring."""
    if settings.sender == "requests":
        gain = "with DURIAN_SENDER=curl one process makes more than twice as many"
        if not find_spec("pycurl"):
            gain += ', which needs: pip install "durian[curl]"'
        yield ok("sender", f"requests makes the attempts; {gain}")
    elif find_spec("pycurl"):
        yield ok("sender", "curl makes the attempts: many at a time, and by HTTP/2")
    else:
        yield fail("sender", MissingExtra("curl", "pycurl"))
