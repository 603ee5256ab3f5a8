"""What a hook provides: reading `provides_args`, and the values that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

from durian.errors import InvalidHook

#: What stands for a value that is not there: it is left out.
ABSENT: Any = object()

_HINT = 'Write names, paths such as "owner.email", functions, or a mapping from names to them.'


class Root(Protocol):
    """What provided values are read from."""

    def call(self, function: Callable[[Any], Any]) -> Any:
        """What a function returns of it."""

    def get(self, path: tuple[str, ...]) -> Any:
        """The value at a path; ABSENT when there is none."""


@dataclass(frozen=True, slots=True)
class Source:
    """Reads from what was handed to `send`, and the attributes of what is in it."""

    subject: Mapping[str, Any]

    def call(self, function: Callable[[Any], Any]) -> Any:
        """What a function returns of the arguments."""
        return function(self.subject)

    def get(self, path: tuple[str, ...]) -> Any:
        """The value at a path; ABSENT when there is none."""
        value: Any = self.subject
        for name in path:
            if isinstance(value, Mapping):
                value = value.get(name, ABSENT)
            elif value is not None:
                value = getattr(value, name, ABSENT)
            if value is ABSENT:
                return ABSENT
        return value() if callable(value) else value


@dataclass(frozen=True, slots=True)
class Argument:
    """One value that is provided."""

    #: Where it stands in the data.
    place: tuple[str, ...]
    #: Where it is read: a path, or a function of the whole.
    origin: tuple[str, ...] | Callable[[Any], Any]

    @property
    def name(self) -> str:
        """Its place as a dotted path, as filters name it."""
        return ".".join(self.place)


@dataclass(frozen=True, slots=True)
class Provided:
    """All that a hook provides."""

    arguments: tuple[Argument, ...]

    @classmethod
    def read(cls, given: Iterable[Any] | Mapping[str, Any] | None) -> Self | None:
        """Read `provides_args`; None says that all is provided. Raises InvalidHook."""
        if given is None:
            return None
        if isinstance(given, str):
            raise InvalidHook("provides_args", f"is the text {given!r}", hint=_HINT)
        pairs = given.items() if isinstance(given, Mapping) else map(_named, given)
        arguments = tuple(Argument(_path(name), _origin(value)) for name, value in pairs)
        _check_places([argument.place for argument in arguments])
        return cls(arguments)

    @classmethod
    def of_names(cls, names: Iterable[str]) -> Self:
        """Provide what is found under some names."""
        return cls(tuple(Argument((name,), (name,)) for name in names))

    @property
    def names(self) -> list[str]:
        """The dotted paths of what is provided."""
        return [argument.name for argument in self.arguments]

    def of(self, root: Root) -> dict[str, Any]:
        """The data: each value at its place, nested; what is not there is left out."""
        data: dict[str, Any] = {}
        for argument in self.arguments:
            origin = argument.origin
            value = root.call(origin) if callable(origin) else root.get(origin)
            if value is not ABSENT:
                _put(data, argument.place, value)
        return data


def _named(given: Any) -> tuple[str, Any]:
    """Name one item of a sequence: a path by itself, a function by its name."""
    name = given if isinstance(given, str) else getattr(given, "__name__", "")
    if not name or name == "<lambda>":
        reason = f"{given!r} has no name"
        hint = "Give it one in a mapping, such as {'total': lambda order: order.total()}."
        raise InvalidHook("provides_args", reason, hint=hint)
    return str(name), given


def _path(name: Any) -> tuple[str, ...]:
    parts = tuple(str(name).split("."))
    if not isinstance(name, str) or not all(part.isidentifier() for part in parts):
        raise InvalidHook("provides_args", f"{name!r} is no name or dotted path", hint=_HINT)
    return parts


def _origin(value: Any) -> tuple[str, ...] | Callable[[Any], Any]:
    return value if callable(value) else _path(value)


def _check_places(places: list[tuple[str, ...]]) -> None:
    """Each place once, and none within another: a value cannot be a text and an object."""
    for index, place in enumerate(places):
        for other in places[:index]:
            shorter, longer = sorted((place, other), key=len)
            if longer[: len(shorter)] == shorter:
                names = f"{'.'.join(shorter)!r} and {'.'.join(longer)!r}"
                reason = f"{names} have the same place in the data"
                hint = "Name paths below it only, such as owner.id and owner.email."
                raise InvalidHook("provides_args", reason, hint=hint)


def _put(data: dict[str, Any], place: tuple[str, ...], value: Any) -> None:
    for name in place[:-1]:
        data = data.setdefault(name, {})
    data[place[-1]] = value
