"""Cases beyond the project's own, read from a folder that the environment may name."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

#: Names a folder with files of cases, one JSON object a line.
VARIABLE = "DURIAN_EXTRA_CASES"


def extra_cases(file: str) -> list[dict[str, Any]]:
    """Read the further cases of a file: none when no folder is named, or it has no such file."""
    folder = os.environ.get(VARIABLE)
    path = Path(folder or "", file)
    if not folder or not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
