"""The router: turns one event into one message per matching listener."""

from __future__ import annotations

from durian.router.consumer import Counts, Router

__all__ = ["Counts", "Router"]
