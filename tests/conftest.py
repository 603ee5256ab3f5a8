"""The fixtures that need a server, and how Hypothesis runs, for all tests."""

from __future__ import annotations

import os
import sys

from hypothesis import settings

pytest_plugins = ["tests.support.servers", "tests.support.parallel", "tests.support.browser"]

# Images of Python often forbid bytecode. Tests start `durian` some hundred times, and each time it
# would compile every module anew, which triples its work.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# No deadline: a busy machine is no failure. The blob replays a failure that CI found.
settings.register_profile("durian", deadline=None, print_blob=True)
settings.load_profile("durian")
