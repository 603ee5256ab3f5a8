"""What a hook promises of its events: name, schema, description, example."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from durian.errors import InvalidHook
from durian.events.excerpt import excerpt
from durian.registry.typed import example_of, plain, schema_of

#: Bytes of a name: it is the routing key of its events, an AMQP short string.
MAX_NAME_BYTES = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSpec:
    """The definition of one event type.

    Raises:
        InvalidHook: names the field that cannot be used, and why.
    """

    #: The event type.
    name: str
    #: A JSON Schema of the event's data, or None when any data will do.
    schema: Mapping[str, Any] | None = None
    #: For people.
    description: str = ""
    #: Data of such an event, for documentation and test deliveries.
    example: Any = None

    def __post_init__(self) -> None:
        reason = _name_fault(self.name)
        if reason:
            raise InvalidHook("name", reason)
        if "\x00" in self.description:
            raise InvalidHook("description", "must not contain NUL characters")
        if self.schema is not None and not isinstance(self.schema, Mapping):
            raise InvalidHook("schema", "must be a JSON object")
        # Copied, so that nobody changes them from outside.
        object.__setattr__(self, "schema", _json_copy("schema", self.schema))
        object.__setattr__(self, "example", _json_copy("example", self.example))

    @classmethod
    def of(
        cls, model: type[Any], *, name: str, description: str = "", example: Any = None
    ) -> HookSpec:
        """Make the definition of events whose data are of a type.

        Args:
            model: A pydantic model or a dataclass.
            name: The event type.
            description: For people; the type's own documentation unless given.
            example: Data of such an event; an instance of the type will do. The first of the
                schema's `examples` unless given.

        Raises:
            InvalidHook: the type has no JSON Schema, or another field cannot be used.
        """
        schema = schema_of(model)
        return cls(
            name=name,
            schema=schema,
            description=description or str((schema or {}).get("description", "")),
            example=example_of(schema) if example is None else plain(example),
        )

    def __hash__(self) -> int:
        """Schemas cannot be hashed; names are nearly unique."""
        return hash(self.name)


def _name_fault(name: str) -> str:
    if not name:
        return "is empty"
    if len(name.encode(errors="replace")) > MAX_NAME_BYTES:
        return f"must be at most {MAX_NAME_BYTES} bytes"
    if not name.isprintable() or " " in name:
        return f"{excerpt(name)} must be printable characters without spaces"
    wild = {"*", "#"} & set(name)
    return f"{excerpt(name)} must not contain the wildcards * and #" if wild else ""


def _json_copy(field: str, value: object) -> Any:
    if isinstance(value, Mapping):
        value = dict(value)
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as exc:
        raise InvalidHook(field, f"is not JSON: {exc}") from exc
