"""Packages of other languages, downloaded once and kept in the user's cache, outside of the tree.

A test that needs one is skipped, and says what did not run, where a registry cannot be reached.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

#: Seconds a download may take.
PATIENCE_S = 120


def cache() -> Path:
    """Where downloads are kept."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(home).expanduser() / "durian-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def npm_package(name: str, version: str) -> Path:
    """The folder of a package of npm, with what it depends on beside it."""
    kept = cache() / "npm" / f"{name.replace('/', '_')}-{version}"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=kept.parent))
        options = ("--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(fresh))
        download(["npm", "install", *options, f"{name}@{version}"], what=f"{name} of npm")
        _keep(fresh, kept)
    return kept / "node_modules" / name


def download(
    command: Sequence[str], *, what: str, cwd: Path | None = None, env: Mapping[str, str] = {}
) -> None:
    """Run what downloads something; skips the test when the program or the registry is missing."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not on this machine: what needs {what} did not run")
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=os.environ | env,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"{what} was not downloaded in {PATIENCE_S} s: what needs it did not run")
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:]
        pytest.skip(f"{what} could not be downloaded, what needs it did not run: {said}")


def _keep(fresh: Path, kept: Path) -> None:
    """Move a whole download to its place, unless another session was first."""
    try:
        fresh.rename(kept)
    except OSError:
        shutil.rmtree(fresh)
