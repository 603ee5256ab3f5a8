"""What the doctor looks at on this machine: the installed extras and the key of the secrets."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from durian.console.doctor.finding import Finding, ok, warn

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
