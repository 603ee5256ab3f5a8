"""Checks of an event before it is published: against the hook that defines its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from durian.events import Event

if TYPE_CHECKING:
    from durian.registry import HookSpec

#: Looks at an event before it is published; raises InvalidEvent when it must not be.
Check = Callable[[Event], None]


def checking(hooks: Mapping[str, HookSpec] | Check | None) -> Check:
    """Make a check of what a producer was given: hooks by event type, a check, or nothing.

    An event whose type no hook defines passes. The mapping is asked for every event, so it may
    change while the producer lives.
    """
    if hooks is None:
        return _accept
    if callable(hooks):
        return hooks
    return _Schemas(hooks)


class _Schemas:
    """Checks by JSON Schema."""

    def __init__(self, hooks: Mapping[str, HookSpec]) -> None:
        # Loads the registry's models and filters, which a producer without hooks does not need.
        from durian.registry.data_schema import check_data  # noqa: PLC0415 - the reason above

        self._hooks = hooks
        self._check_data = check_data

    def __call__(self, event: Event) -> None:
        spec = self._hooks.get(event.type)
        if spec is not None:
            self._check_data(spec, event.data)


def _accept(_event: Event) -> None:
    """Without hooks, every event passes."""
