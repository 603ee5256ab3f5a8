"""Strict JSON: what is parsed here every receiver can parse, and what is dumped here is JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic_core import from_json, to_json, to_jsonable_python

from durian.errors import InvalidEvent
from durian.events.caps import DEPTH

_STRICT = "Send UTF-8 JSON; NaN, Infinity and lone surrogates are not JSON."
_WRITABLE = "Use JSON values, datetime, date, UUID, Decimal, dataclasses or pydantic models."


def parse(raw: bytes, *, field: str = "data", depth: int = DEPTH) -> Any:
    """Parse UTF-8 JSON strictly.

    Raises InvalidEvent (about `field`) when it is not JSON (RFC 8259), holds a lone surrogate, an
    integer of more than 4,300 digits, or more than `depth` levels of arrays and objects. A float
    beyond binary64 (`1e999`) is JSON, and becomes infinite.
    """
    try:
        value = from_json(raw, allow_inf_nan=False, cache_strings="keys")
    except ValueError as exc:
        raise InvalidEvent(field, f"is not valid JSON: {exc}", hint=_STRICT) from exc
    # Counting is a hundred times cheaper than walking, and nearly always enough.
    if raw.count(b"{") + raw.count(b"[") > depth and _is_deeper(value, depth):
        raise InvalidEvent(field, f"is nested deeper than {depth} levels", hint="Flatten it.")
    return value


def dump(value: object, *, field: str = "data", depth: int = DEPTH) -> tuple[bytes, Any]:
    """Write a value as JSON: its bytes, and the value that a reader of them gets.

    Raises InvalidEvent (about `field`, or the part below it) when a part of it has no JSON form, or
    `parse` would refuse the bytes.
    """
    try:
        # The first step keeps a model from writing its NaN as null, which pydantic does by default.
        raw = to_json(to_jsonable_python(value))
    except Exception as exc:  # a model's own serializers may raise anything
        reason = f"cannot be written as JSON: {exc}"
        raise InvalidEvent(_place(value, field, depth), reason, hint=_WRITABLE) from exc
    return raw, parse(raw, field=field, depth=depth)


def _place(value: object, field: str, depth: int) -> str:
    """The path of the innermost part that has no JSON form; the whole, of a circle or a nest."""
    place = field
    for _ in range(depth):
        found = next((part for part in _parts(value) if not _is_writable(part[1])), None)
        if found is None:
            return place
        name, value = found
        place = f"{place}.{name}"
    return field


def _parts(value: object) -> Iterable[tuple[object, object]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list | tuple) else ()


def _is_writable(value: object) -> bool:
    try:
        to_json(to_jsonable_python(value))
    except Exception:  # noqa: BLE001  # a model's own serializers may raise anything
        return False
    return True


def _is_deeper(value: object, depth: int) -> bool:
    """Tell whether a parsed value has more than `depth` levels, without recursion."""
    level = [value]
    for _ in range(depth):
        inner: list[object] = []
        for container in level:
            if type(container) is dict:
                inner.extend(container.values())
            elif type(container) is list:
                inner.extend(container)
        level = [item for item in inner if type(item) in (dict, list)]
        if not level:
            return False
    return True
