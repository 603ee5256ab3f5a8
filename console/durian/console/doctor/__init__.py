"""`durian doctor`: what stands in the way of working, and what to do about it."""

from __future__ import annotations

__all__: list[str] = []
