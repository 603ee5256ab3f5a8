"""Durian as users run it: `durian router` and `durian deliver`, each a process of its own."""

from __future__ import annotations

from benchmarks.durian_run.deployment import Deployment

__all__ = ["Deployment"]
