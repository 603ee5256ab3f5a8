"""A receiver of webhooks that counts: the same for everything that is measured."""

from __future__ import annotations

from benchmarks.receiver.control import Receiver, Stats

__all__ = ["Receiver", "Stats"]
