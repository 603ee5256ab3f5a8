"""Checks of an event before it is published: against the hook that defines its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from durian.events import Event
from durian.registry import HookSpec
from durian.registry.data_schema import check_data

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
    def __init__(self, hooks: Mapping[str, HookSpec]) -> None:
        self._hooks = hooks

    def __call__(self, event: Event) -> None:
        spec = self._hooks.get(event.type)
        if spec is not None:
            check_data(spec, event.data)


def _accept(_event: Event) -> None:
    """Without hooks, every event passes."""
