"""The web pages: HTML made here, by templates, for operators and for the owners of listeners."""

from __future__ import annotations

__all__: list[str] = []
