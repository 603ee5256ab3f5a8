"""What each file of results is about, and how it is made again: `sections.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section of the page."""

    title: str
    #: What was done, in a paragraph.
    about: str
    command: str
    #: True when figures are told by the number of listeners.
    by_size: bool = False


#: By the name of the file, in the order of the page.
SECTIONS = {
    name: Section(**fields)
    for name, fields in tomllib.loads(
        Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    ).items()
}
