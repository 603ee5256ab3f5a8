"""`durian top` on a terminal of its own: what its keys do, and what it leaves behind."""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.asking import serving
from tests.support.cli import DURIAN, PATIENCE_S, environment
from tests.support.registry import put_registry

#: How a terminal is told to show another screen, and to show the one before again.
ENTER, LEAVE = re.escape("\x1b[?1049h"), re.escape("\x1b[?1049l")

#: What colours text.
COLOUR = re.compile(r"\x1b\[[0-9;]*m")

#: Makes its stdin the terminal that Ctrl-C is typed at, and becomes the command.
ON_TERMINAL = "import os, sys; os.login_tty(0); os.execv(sys.argv[1], sys.argv[1:])"


class Terminal:
    """Our end of a terminal: the keys, and what is shown."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.shown = ""

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def press(self, key: bytes) -> None:
        os.write(self._fd, key)

    def wait_to_see(self, pattern: str) -> None:
        """Wait until something is shown after what was seen before."""
        deadline = time.monotonic() + PATIENCE_S
        while (found := re.search(pattern, COLOUR.sub("", self.shown))) is None:
            assert self._read(deadline - time.monotonic()), (pattern, self.shown[-2000:])
        self.shown = COLOUR.sub("", self.shown)[found.end() :]

    def _read(self, patience_s: float) -> bool:
        ready, _, _ = select.select([self._fd], [], [], max(0.0, patience_s))
        if not ready:
            return False
        self.shown += os.read(self._fd, 65_536).decode(errors="replace")
        return True


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    put_registry(tmp_path)
    with Api(f"sqlite:///{tmp_path}/durian.db") as running:
        yield running


def test_it_follows_the_size_of_its_terminal_and_ctrl_c_gives_that_back(
    api: Api, tmp_path: Path
) -> None:
    new = {"id": "joe", "url": "https://joe.example/", "event": "#"}
    api.asker("admin").post("/v1/listeners", new)
    ours, theirs = os.openpty()
    with serving(api.app) as url, closing(os.fdopen(ours, "wb", buffering=0)):
        terminal = Terminal(ours)
        terminal.resize(120, 30)
        settings = {"DURIAN_SERVER": url, "DURIAN_TOKEN": api.token("read"), "TERM": "xterm"}
        command = (DURIAN, "top", "--every", "0.2")
        process = subprocess.Popen(
            [sys.executable, "-c", ON_TERMINAL, *command],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment(tmp_path, settings),
            cwd=tmp_path,
        )
        try:
            os.close(theirs)
            terminal.wait_to_see(ENTER)
            terminal.wait_to_see("attempts/s")
            terminal.wait_to_see("joe")
            terminal.resize(80, 20)
            # What is shown of each listener ends with its success where the terminal is narrow.
            terminal.wait_to_see(r"success +\r\n")
            terminal.press(b"\x03")
            terminal.wait_to_see(LEAVE)
            assert process.wait(timeout=PATIENCE_S) == 0
        finally:
            process.kill()
            process.wait()
