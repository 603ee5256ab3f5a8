"""Write docs/images/demo.svg: what `durian demo --once` prints on a terminal.

Run it as `.venv/bin/python scripts/capture_demo.py` when the demonstration has changed. Three
dots stand for what the picture leaves out.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parent.parent

#: Columns of the picture: GitHub shows it without shrinking it beyond reading.
COLUMNS = 104

#: Fonts that the picture would load from another host; every machine has a monospaced one.
FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)

#: The event whose matches are shown beside the first one's.
OTHER = "Event 3"


def main() -> None:
    """Run the demonstration, and draw what it printed."""
    durian = Path(sys.executable).with_name("durian")
    run = subprocess.run(  # noqa: S603 - our own command
        [durian, "demo", "--once"],
        env={**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"},
        capture_output=True,
        text=True,
        check=True,
    )
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.assemble(("$ ", "bold green"), "durian demo --once"))
    for line in shown(run.stdout.splitlines()):
        console.print(Text.from_ansi(line))
    svg = FONTS.sub("", console.export_svg(title="durian demo", unique_id="durian-demo"))
    (ROOT / "docs" / "images" / "demo.svg").write_text(svg, encoding="utf-8")


def shown(lines: list[str]) -> list[str]:
    """The first event up to its second request, another one's matches, and the last line."""
    plain = [Text.from_ansi(line).plain for line in lines]
    posts = [at for at, line in enumerate(plain) if line.startswith("  POST ")]
    other = next(at for at, line in enumerate(plain) if line.startswith(OTHER))
    its_post = next(at for at in posts if at > other)
    return [*lines[: posts[1]], "  ...", "", *lines[other:its_post], "  ...", "", lines[-1]]


if __name__ == "__main__":
    main()
