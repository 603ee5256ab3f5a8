"""The fixtures that need a server, and how Hypothesis runs, for all tests."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["tests.support.rabbitmq", "tests.support.postgres"]

# No deadline: a busy machine is no failure. The blob replays a failure that CI found.
settings.register_profile("durian", deadline=None, print_blob=True)
settings.load_profile("durian")
