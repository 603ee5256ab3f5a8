"""The page of all figures, made of `benchmarks/results`: `python -m benchmarks.page`."""

from __future__ import annotations

from benchmarks.page.files import files

__all__ = ["files"]
