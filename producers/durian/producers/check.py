"""Checks of an event before it is published: against the hook that defines its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from durian.errors import InvalidEvent
from durian.errors.fault import reason_of
from durian.events import Event

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from durian.registry import HookSpec

#: Looks at an event before it is published; raises InvalidEvent when it must not be.
Check = Callable[[Event], None]


def checking(hooks: Mapping[str, HookSpec | type[Any]] | Check | None) -> Check:
    """Make a check of what a producer was given: hooks or types by event type, a check, or nothing.

    An event whose type no hook defines passes. The mapping is asked for every event, so it may
    change while the producer lives.
    """
    if hooks is None:
        return _accept
    if callable(hooks):
        return hooks
    return _Definitions(hooks)


class _Definitions:
    """Checks by JSON Schema, or by the type of the data."""

    def __init__(self, hooks: Mapping[str, HookSpec | type[Any]]) -> None:
        # Loads the registry's models and filters, which a producer without hooks does not need.
        from durian.registry.data_schema import check_data  # noqa: PLC0415 - the reason above

        self._hooks = hooks
        self._check_data = check_data
        self._adapters: dict[type[Any], TypeAdapter[Any]] = {}

    def __call__(self, event: Event) -> None:
        definition = self._hooks.get(event.type)
        if isinstance(definition, type):
            self._check_type(definition, event)
        elif definition is not None:
            self._check_data(definition, event.data)

    def _check_type(self, model: type[Any], event: Event) -> None:
        """Make sure that the data, as they are written, are of a type. Raises InvalidEvent."""
        from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - as above

        adapter = self._adapters.get(model)
        if adapter is None:
            adapter = self._adapters[model] = TypeAdapter(model)
        try:
            # Strictly: what is written as a text is no number, though one could be made of it.
            adapter.validate_json(event.body or b"null", strict=True)
        except ValidationError as exc:
            error = exc.errors(include_url=False, include_input=False)[0]
            path = ".".join(("data", *map(str, error["loc"])))
            hint = f"Events of type {event.type} hold a {model.__name__}."
            raise InvalidEvent(path, reason_of(error), hint=hint) from exc


def _accept(_event: Event) -> None:
    """Without hooks, every event passes."""
