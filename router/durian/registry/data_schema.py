"""Check hooks' JSON Schemas, and events' data against them (jsonschema is loaded when needed)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from durian.errors import InvalidEvent, InvalidHook, MissingExtra
from durian.registry.hook_spec import HookSpec

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

#: Characters of a reason: jsonschema quotes the whole value, which may be large.
_MAX_REASON = 200


def check_data(spec: HookSpec, data: object) -> None:
    """Make sure that an event's data is what its hook promises; any data is, without a schema.

    Raises:
        InvalidEvent: names the path of the first value that is not, and why.
        InvalidHook: when the schema itself cannot be used.
        MissingExtra: when jsonschema is not installed.
    """
    if spec.schema is None:
        return
    try:
        error = _best_error(spec, data)
    except RecursionError as exc:
        raise InvalidEvent("data", "is nested too deep to be checked") from exc
    if error is not None:
        hint = f"See the hook {spec.name}."
        path = _dotted("data", error.absolute_path)
        raise InvalidEvent(path, _short(error.message), hint=hint)


def check_spec(spec: HookSpec) -> None:
    """Make sure that a hook's schema is one, refers to itself only, and fits its own example.

    Raises:
        InvalidHook: names the place in the schema or the example, and why.
        MissingExtra: when jsonschema is not installed.
    """
    if spec.schema is None:
        return
    try:
        error = _best_error(spec, spec.example)
    except RecursionError as exc:
        raise InvalidHook("schema", "refers to itself without end, or is nested too deep") from exc
    if error is not None and spec.example is not None:
        raise InvalidHook(_dotted("example", error.absolute_path), _short(error.message))


def _best_error(spec: HookSpec, data: Any) -> ValidationError | None:
    validator = _validator(spec)
    from jsonschema.exceptions import best_match  # noqa: PLC0415  # an extra

    error: ValidationError | None = best_match(validator.iter_errors(data))
    return error


@lru_cache(maxsize=1024)
def _validator(spec: HookSpec) -> Validator:
    """Prepare a schema once for all events of its hook."""
    try:
        from jsonschema import SchemaError  # noqa: PLC0415  # an extra
        from referencing import Registry  # noqa: PLC0415  # comes with it
    except ImportError as exc:
        raise MissingExtra("router", "jsonschema") from exc
    schema = dict(spec.schema or {})
    try:
        draft = _draft(schema)
        draft.check_schema(schema)
        _check_references(schema)
    except SchemaError as exc:
        raise InvalidHook(_dotted("schema", exc.absolute_path), _short(exc.message)) from exc
    except ValueError as exc:  # an `$id` or `$schema` that is no URI
        raise InvalidHook("schema", _short(str(exc))) from exc
    # An empty registry: a schema that names a URL must not make us fetch it.
    return draft(schema, registry=Registry())


def _draft(schema: dict[str, Any]) -> type[Validator]:
    """Find the draft of JSON Schema that a schema names; the newest when it names none."""
    from jsonschema.validators import (  # noqa: PLC0415  # an extra
        Draft202012Validator,
        validator_for,
    )

    if "$schema" not in schema:
        return Draft202012Validator
    named = schema["$schema"]
    if isinstance(named, str):
        draft: type[Validator] = validator_for(schema, default=Draft202012Validator)
        uri = draft.META_SCHEMA.get("$id") or draft.META_SCHEMA["id"]  # `id` before draft 6
        if uri.rstrip("#") == named.rstrip("#"):
            return draft
    raise InvalidHook("schema.$schema", f"names no draft of JSON Schema: {named!r}")


def _check_references(schema: object) -> None:
    """Make sure that every reference leads somewhere inside the schema."""
    from referencing import Registry, Resource  # noqa: PLC0415  # comes with jsonschema
    from referencing.exceptions import Unresolvable  # noqa: PLC0415  # the same
    from referencing.jsonschema import DRAFT202012  # noqa: PLC0415  # the same

    root = Resource.from_contents(schema, default_specification=DRAFT202012)
    waiting = [(root, Registry().resolver_with_root(root))]
    while waiting:
        resource, resolver = waiting.pop()
        for keyword, target in _references(resource.contents):
            try:
                resolver.lookup(target)
            except (Unresolvable, ValueError) as exc:
                reason = f"{keyword} {target!r} leads nowhere in the schema"
                raise InvalidHook("schema", reason) from exc
        waiting += [(part, resolver.in_subresource(part)) for part in resource.subresources()]


def _references(schema: object) -> list[tuple[str, str]]:
    """Return the keywords of one schema, not of those inside it, that refer to another."""
    if not isinstance(schema, dict):
        return []
    return [(word, schema[word]) for word in ("$ref", "$dynamicRef") if word in schema]


def _dotted(root: str, path: Iterable[object]) -> str:
    return ".".join([root, *(str(step) for step in path)])


def _short(reason: str) -> str:
    return reason if len(reason) <= _MAX_REASON else f"{reason[:_MAX_REASON]}..."
