"""The console's pages and the Django app's look alike."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.house import ROOT

SHEETS = (
    ROOT / "console" / "durian" / "console" / "pages" / "static" / "durian.css",
    ROOT / "producers" / "durian" / "django" / "static" / "durian" / "durian.css",
)

#: A variable of a style sheet, with its value.
VARIABLE = re.compile(r"^\s*(--d-[a-z-]+): ([^;]+);", re.MULTILINE)


def test_both_have_the_same_colours() -> None:
    console, django = map(_colours, SHEETS)
    assert console == django
    assert len(console) > 20, "light and dark"


def _colours(sheet: Path) -> list[tuple[str, str]]:
    found = VARIABLE.findall(sheet.read_text(encoding="utf-8"))
    return [(name, value) for name, value in found if value.startswith("#")]
