"""Nothing that is put into a page can be anything but text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.house import ROOT, modules, short

TEMPLATES = sorted((ROOT / "console/durian/console/pages/templates").glob("*.html"))

#: What would let text be markup, and what our Content-Security-Policy would not run anyway.
FORBIDDEN = re.compile(
    r"\|\s*safe\b|autoescape|Markup|<script(?! src=)|<style|\sstyle=|\son[a-z]+=|hx-on|javascript:"
)

#: A value within an attribute whose quotes were forgotten: it would end at the first space.
UNQUOTED = re.compile(r"=\{\{")


@pytest.mark.parametrize("template", TEMPLATES, ids=short)
def test_a_template_escapes_whatever_is_put_into_it(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert FORBIDDEN.findall(text) == []
    assert UNQUOTED.findall(text) == []


@pytest.mark.parametrize("template", TEMPLATES, ids=short)
def test_a_template_is_small(template: Path) -> None:
    assert len(template.read_text(encoding="utf-8").splitlines()) <= 100


def test_no_module_makes_markup() -> None:
    pages = [path for path in modules() if "pages" in path.parts]
    assert pages
    assert [short(path) for path in pages if "markupsafe" in path.read_text("utf-8")] == []
