"""Reading and making hooks from the command line."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durian.errors import InvalidHook
from durian.registry import HookSpec

if TYPE_CHECKING:
    from durian.registry.store import Store

#: Characters of an example in a table.
_CELL = 60

#: Hooks read at once.
_PAGE = 1000


def new_hook(
    name: str,
    *,
    schema: Path | None = None,
    model: str | None = None,
    example: str | None = None,
    description: str = "",
) -> HookSpec:
    """Make a hook of what was typed. Raises InvalidHook."""
    given = None if example is None else parse_json("--example", example)
    if model is not None:
        if schema is not None:
            raise InvalidHook("--model", "cannot be combined with --schema")
        return HookSpec.of(load_type(model), name=name, description=description, example=given)
    return HookSpec(
        name=name,
        schema=None if schema is None else parse_json("--schema", _text_of(schema)),
        example=given,
        description=description,
    )


def load_type(reference: str) -> type[Any]:
    """Import a type named as MODULE:TYPE, from the working directory too. Raises InvalidHook."""
    module, _, name = reference.partition(":")
    if not module or not name:
        raise InvalidHook("--model", f"{reference!r} is not MODULE:TYPE")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), name)
    except Exception as exc:  # a module of the user's may raise anything
        raise InvalidHook("--model", f"{reference} cannot be imported: {exc}") from exc
    finally:
        sys.path.pop(0)
    if not isinstance(found, type):
        raise InvalidHook("--model", f"{reference} is no type")
    return found


def schema_document(hook: HookSpec) -> dict[str, Any]:
    """The JSON Schema of a hook's data, with what else is known of it."""
    head: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    if hook.description:
        head["description"] = hook.description
    tail = {} if hook.example is None else {"examples": [hook.example]}
    return {**head, "title": hook.name, **(hook.schema or {}), **tail}


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
    except OSError as exc:
        raise InvalidHook("--schema", f"{path} cannot be read: {exc.strerror or exc}") from exc
    except UnicodeDecodeError as exc:
        raise InvalidHook("--schema", f"{path} is not UTF-8") from exc


def parse_json(field: str, text: str) -> Any:
    """Read a text as JSON. Raises InvalidHook about the field."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise InvalidHook(field, f"is not JSON: {exc}") from exc


def shown_example(hook: HookSpec) -> str:
    """An example as a cell of a table."""
    if hook.example is None:
        return ""
    text = json.dumps(hook.example, ensure_ascii=False)
    return text if len(text) <= _CELL else f"{text[: _CELL - 3]}..."
