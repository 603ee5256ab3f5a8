"""The fixtures that need a server, for all tests."""

from __future__ import annotations

pytest_plugins = ["tests.support.rabbitmq", "tests.support.postgres"]
