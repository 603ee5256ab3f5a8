"""Templates: whatever is put into them is text, and cannot be anything else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from durian.console.pages import shown
from durian.console.pages.sections import sections

_HERE: Final = Path(__file__).parent

#: The files that browsers load.
STATIC: Final = _HERE / "static"


class Templates:
    """Makes pages. Safe to share by threads."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            # Everywhere, and never switched off: tests/house/test_templates.py.
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters |= shown.FILTERS
        self._environment.globals |= {**shown.GLOBALS, "sections": sections}
        # A block that is made alone has nothing that its page would import.
        self._environment.globals["m"] = self._environment.get_template("macros.html").module

    def render(self, name: str, part: str, facts: Mapping[str, Any]) -> str:
        """Make a page, or one block of it alone."""
        template = self._environment.get_template(name)
        block = template.blocks.get(part)
        if block is None:
            return template.render(facts)
        return "".join(block(template.new_context(dict(facts))))

    @staticmethod
    @cache
    def version_of(name: str) -> str:
        """What tells versions of a file of the pages apart."""
        return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
