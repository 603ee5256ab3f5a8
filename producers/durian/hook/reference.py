"""Things named by where they are, such as `django.db.models.signals.post_save`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from durian.errors import InvalidHook


def imported(field: str, path: str) -> Any:
    """What a dotted path names. Raises InvalidHook about the field when there is no such thing."""
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as exc:
        raise InvalidHook(field, f"there is no {path}: {exc}") from exc
