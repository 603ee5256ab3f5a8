"""The small HTTP face of `durian up`: events come in as CloudEvents over HTTP."""

from __future__ import annotations

__all__: list[str] = []
