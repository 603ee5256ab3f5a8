"""Reading and making hooks from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durian.errors import InvalidHook
from durian.registry import HookSpec

if TYPE_CHECKING:
    from durian.registry.store import Store

#: Hooks read at once.
_PAGE = 1000


def new_hook(name: str, schema: Path | None, example: str | None, description: str) -> HookSpec:
    """Make a hook of what was typed. Raises InvalidHook."""
    return HookSpec(
        name=name,
        schema=None if schema is None else _parse("schema", _text_of(schema)),
        example=None if example is None else _parse("example", example),
        description=description,
    )


def pages(store: Store) -> Iterator[HookSpec]:
    """All hooks by name, read in pages."""
    after: str | None = None
    while page := store.list_hooks(after, limit=_PAGE):
        yield from page
        after = page[-1].name


def described(hook: HookSpec) -> dict[str, object]:
    """A hook as one JSON object."""
    return {
        "name": hook.name,
        "description": hook.description,
        "schema": hook.schema,
        "example": hook.example,
    }


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise InvalidHook("schema", f"{path} cannot be read: {exc}") from exc


def _parse(field: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise InvalidHook(field, f"is not JSON: {exc}") from exc
