"""Receivers in five languages, to be copied: each verifies a webhook, and handles it once.

They are the examples of the project, which its tests run; a wheel carries them in this package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

#: Where they lie: in a wheel, and in a clone.
_PLACES: Final = (
    Path(__file__).parent / "receivers",
    Path(__file__).parents[4] / "examples" / "receive",
)

#: The languages, the files, and the comments that begin their lines.
_FILES: Final = (
    ("Python", "receive.py"),
    ("JavaScript", "receive.js"),
    ("Go", "receive.go"),
    ("Java", "Receive.java"),
    ("Ruby", "config.ru"),
)


@dataclass(frozen=True, slots=True)
class ReceiverCode:
    """A receiver in one language."""

    language: str
    file: str
    code: str


@cache
def all_of() -> Sequence[ReceiverCode]:
    """Read all of them."""
    folder = next(place for place in _PLACES if place.is_dir())
    return [
        ReceiverCode(language, name, (folder / name).read_text(encoding="utf-8"))
        for language, name in _FILES
    ]
