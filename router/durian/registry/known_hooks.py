"""The hooks that this process knows by name; `durian.registry.hooks` is the one everybody uses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar, cast

from durian.errors import Conflict, InvalidHook, NotFound
from durian.registry.hook_spec import HookSpec


class KnownHook(Protocol):
    """What the registry asks of a hook; `durian.hook.Hook` is one."""

    #: The type of its events.
    name: str
    #: For people, in a list.
    verbose_name: str

    def spec(self) -> HookSpec:
        """What it promises of its events."""

    def bind(self) -> None:
        """Begin to listen for what it tells of. Raises InvalidHook when it cannot."""

    def unbind(self) -> None:
        """Stop that."""


_Given = TypeVar("_Given")


class Hooks:
    """Hooks by name. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hooks: dict[str, KnownHook] = {}

    def register(self, hook: _Given) -> _Given:
        """Take in a hook, a class or an instance, and let it begin; returns what was given.

        Raises:
            Conflict: its name is taken.
            InvalidHook: it cannot be used as it is.
        """
        known = _instance(hook)
        with self._lock:
            if known.name in self._hooks:
                raise Conflict(f"A hook named {known.name!r} is registered already.")
            with _naming(type(known)):
                known.bind()
            self._hooks[known.name] = known
        return hook

    def unregister(self, hook: object) -> None:
        """Let go of a hook: by its name, its class, or itself. Raises NotFound when it is none."""
        name = hook if isinstance(hook, str) else str(getattr(hook, "name", hook))
        with self._lock:
            known = self._hooks.pop(name, None)
            if known is None:
                raise NotFound(f"No hook named {name!r} is registered.", resource="hook")
            known.unbind()

    def as_choices(self) -> list[tuple[str, str]]:
        """Name and verbose name of every hook, by name: the choices of a form field."""
        return [(hook.name, hook.verbose_name) for hook in self]

    def __getitem__(self, name: str) -> Any:
        """The hook of a name. Raises NotFound."""
        try:
            return self._hooks[name]
        except KeyError:
            raise NotFound(f"No hook named {name!r} is registered.", resource="hook") from None

    def __contains__(self, name: object) -> bool:
        return name in self._hooks

    def __iter__(self) -> Iterator[KnownHook]:
        return iter([self._hooks[name] for name in sorted(self._hooks)])

    def __len__(self) -> int:
        return len(self._hooks)


@contextmanager
def _naming(hook: type) -> Iterator[None]:
    """Say which hook cannot be used: a project has many, and meets with this while it starts."""
    try:
        yield
    except InvalidHook as exc:
        field = f"{hook.__name__}.{exc.field}"
        raise InvalidHook(field, exc.reason, hint=exc.advice) from exc


def _instance(hook: object) -> KnownHook:
    made = hook
    if isinstance(hook, type):
        with _naming(hook):
            made = hook()
    if not callable(getattr(made, "bind", None)):
        hint = "Register a class derived from durian.hook.Hook, or an instance of one."
        raise InvalidHook("hook", f"{hook!r} is no hook", hint=hint)
    return cast("KnownHook", made)
