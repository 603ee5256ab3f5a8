"""What people touch: the `durian` command, and the small HTTP face of `durian up`."""

from __future__ import annotations

__all__: list[str] = []
