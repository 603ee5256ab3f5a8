"""`durian` in a process of its own that need not import anything: it is forked from one that has.

To import what a command needs takes most of its time, and tests run some hundred commands. All
else is a command's own: arguments, folder, environment, standard streams and exit code.
"""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from durian.console.entry import main

#: What commands import when they run.
IMPORTED = (
    "durian.console.app",
    "durian.console.doctor",
    "durian.console.explaining",
    "durian.console.listeners",
    "durian.console.operations",
    "durian.console.output",
    "durian.console.replaying",
    "durian.console.wiring",
    "durian.producers",
    "durian.registry.sql.migrating",
    "durian.registry.store",
    "tests.support.quick",
)

_processes = get_context("forkserver")
_processes.set_forkserver_preload([*IMPORTED])


def run(
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    stdin: bytes,
    timeout_s: float,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, as `subprocess.run` does.

    Raises:
        subprocess.TimeoutExpired: it took longer, and was killed.
    """
    with TemporaryDirectory() as streams:
        paths = [Path(streams, name) for name in ("stdin", "stdout", "stderr")]
        paths[0].write_bytes(stdin)
        given = (arguments, folder, environment, paths)
        process = _processes.Process(target=_command, args=given)
        process.start()
        process.join(timeout_s)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(["durian", *arguments], timeout_s)
        _, stdout, stderr = (path.read_bytes().decode() for path in paths)
    return subprocess.CompletedProcess(["durian", *arguments], process.exitcode, stdout, stderr)


def _command(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], paths: Sequence[Path]
) -> None:
    for number, path in enumerate(paths):
        stream = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(stream, number)
        os.close(stream)
    # What a process is forked for has no standard input; the other two are as they were.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open to the end
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["durian", *arguments]
    warnings.simplefilter("error")
    main()
