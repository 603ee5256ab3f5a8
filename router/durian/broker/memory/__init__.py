"""The embedded broker: durable-queue semantics inside one process, without a server."""

from __future__ import annotations

from durian.broker.memory.broker import MemoryBroker

__all__ = ["MemoryBroker"]
