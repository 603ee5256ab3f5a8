"""The REST API: routes, who may ask them, and how errors are told."""

from __future__ import annotations

__all__: list[str] = []
