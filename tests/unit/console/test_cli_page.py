"""docs/cli.md is what the commands say of themselves."""

from __future__ import annotations

from tests.support.cli_page import page
from tests.support.house import ROOT


def test_the_reference_of_the_command_line_is_true() -> None:
    """When it is not: `python -m tests.support.cli_page > docs/cli.md`."""
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == page()
