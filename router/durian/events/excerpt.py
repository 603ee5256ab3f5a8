"""What errors show of foreign names and values: short, printable, safe to log and to send on."""

from __future__ import annotations

#: Characters of a name or value that an error shows; a reason has to fit into a header.
SHOWN_CHARACTERS = 64


def excerpt(value: str) -> str:
    """Quote the beginning of a text, with escapes for what cannot be printed."""
    shown = repr(value[:SHOWN_CHARACTERS])
    return shown if len(value) <= SHOWN_CHARACTERS else f"{shown}..."


def label(name: str) -> str:
    """Name an attribute in an error, whatever it is called."""
    if not name:
        return "extensions"
    return name if len(name) <= SHOWN_CHARACTERS and name.isprintable() else excerpt(name)
