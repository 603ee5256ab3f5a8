"""The main job shown end to end in one process, with nothing but Durian installed."""

from __future__ import annotations

__all__: list[str] = []
