"""Listeners and secrets as tests need them, and a follower that does what it is told."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from durian.registry import HookSpec, Listener, ListenerSecret
from durian.registry.attempt import Attempt
from durian.registry.changes import Changes
from durian.registry.store import upgrade

#: The moment at which tests play, in seconds since the epoch.
NOW = 1_800_000_000.0


def now_ms() -> int:
    """Tell the moment it is, in milliseconds: asked in a test, as modules are read long before."""
    return round(time.time() * 1000)


def put_registry(folder: Path, name: str = "durian.db") -> None:
    """Put an empty registry into a folder, as `durian registry upgrade` does, but quickly."""
    (folder / name).write_bytes(_empty_registry())


def make_registry(url: str) -> None:
    """Make an empty registry, as `durian registry upgrade` does, but quickly on SQLite."""
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        put_registry(path.parent, path.name)
    else:
        upgrade(url)


@cache
def _empty_registry() -> bytes:
    with TemporaryDirectory() as folder:
        upgrade(f"sqlite:///{folder}/durian.db")
        return Path(folder, "durian.db").read_bytes()


def listener(listener_id: str = "joe", **fields: Any) -> Listener:
    """Make a listener that differs from others by its id."""
    given = {"id": listener_id, "url": f"https://{listener_id}.example/hook", "event": "person"}
    return Listener.create(**given | fields)


def secret(now: float = NOW) -> ListenerSecret:
    """Make a random secret."""
    return ListenerSecret.new(now=now)


def attempt(webhook_id: str = "msg_1", **fields: Any) -> Attempt:
    """Make the record of an attempt that delivered an event to joe."""
    given: dict[str, Any] = {
        "webhook_id": webhook_id,
        "listener_id": "joe",
        "event_id": "1",
        "event_type": "person",
        "event_source": "/shop",
        "number": 1,
        "at_ms": round(NOW * 1000),
        "latency_ms": 12,
        "result": "delivered",
        "kind": "response",
        "status": 200,
        "response_head": "content-type: text/plain",
        "response_body": "thanks",
    }
    return Attempt(**given | fields)


@dataclass
class Follower:
    """Keeps a copy of the registry as every process of Durian does: by its changes."""

    version: int = 0
    listeners: dict[str, Listener] = field(default_factory=dict)
    hooks: dict[str, HookSpec] = field(default_factory=dict)

    def apply(self, changes: Changes) -> None:
        """Follow one page of changes."""
        assert changes.version >= self.version or changes.reset
        if changes.reset:
            self.listeners.clear()
            self.hooks.clear()
        self.listeners |= {one.id: one for one in changes.listeners}
        self.hooks |= {spec.name: spec for spec in changes.hooks}
        for listener_id in changes.removed:
            self.listeners.pop(listener_id, None)
        for name in changes.removed_hooks:
            self.hooks.pop(name, None)
        self.version = changes.version
