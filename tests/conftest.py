"""The fixtures that need a server, and how Hypothesis runs, for all tests."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

pytest_plugins = ["tests.support.servers", "tests.support.parallel", "tests.support.browser"]

# Images of Python often forbid bytecode. Tests start `durian` some hundred times, and each time it
# would compile every module anew, which triples its work.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# No deadline: a busy machine is no failure. The blob replays a failure that CI found. Every run
# looks at other examples, so a few each time go far; `--hypothesis-profile nightly` takes many.
settings.register_profile("durian", max_examples=50, deadline=None, print_blob=True)
settings.register_profile("nightly", settings.get_profile("durian"), max_examples=2000)
settings.load_profile("durian")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Take back what a command does to logging: its handler writes where that test captured."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
