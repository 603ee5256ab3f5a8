"""Types as schemas: a pydantic model or a dataclass says what an event's data is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from durian.errors import InvalidHook


def schema_of(given: object) -> Mapping[str, Any] | None:
    """The JSON Schema of a type; a schema, or None, is returned as it is.

    Of a pydantic model it describes the data as they are written, with their aliases.

    Raises InvalidHook when the type has none.
    """
    if given is None or isinstance(given, Mapping):
        return given
    if not isinstance(given, type):
        raise InvalidHook("schema", f"{given!r} is neither a JSON Schema nor a type", hint=_HINT)
    # Not loaded for who brings a schema, or none.
    from pydantic import PydanticUserError, TypeAdapter  # noqa: PLC0415 - the reason above

    try:
        return TypeAdapter(given).json_schema(mode="serialization", by_alias=True)
    except PydanticUserError as exc:
        raise InvalidHook("schema", f"{given.__name__}: {exc.message}", hint=_HINT) from exc


_HINT = "Give a JSON Schema, a pydantic model or a dataclass."


def example_of(schema: Mapping[str, Any] | None) -> Any:
    """The first example that a schema gives of the data; None when it has none."""
    examples = (schema or {}).get("examples")
    return examples[0] if isinstance(examples, list) and examples else None


def plain(value: object) -> Any:
    """A value as a reader of its JSON gets it. Raises InvalidHook."""
    from pydantic_core import to_jsonable_python  # noqa: PLC0415 - as above

    try:
        return to_jsonable_python(value, by_alias=True)
    except ValueError as exc:
        raise InvalidHook("example", f"is not JSON: {exc}") from exc
