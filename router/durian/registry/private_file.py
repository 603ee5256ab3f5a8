"""Files that only the user reads, made by whoever comes first."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def create_once(path: Path, text: str) -> None:
    """Write a file unless there is one: it appears whole, and only once. Raises OSError.

    Several processes may do so at once; the text of the first counts.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # mkstemp creates with mode 0600.
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        # Another process was first.
        return
    finally:
        Path(draft).unlink()
