"""The matchers: what a filter can ask of a single value. The first six are durian's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from durian.errors import InvalidFilter
from durian.match.condition import Matcher
from durian.match.expression import compile_expression
from durian.match.values import MISSING, is_number, read_scalar, same


@dataclass(frozen=True, slots=True)
class Any_(Matcher):  # noqa: N801 (published as `Any`, which the typing module owns here)
    """Anything, even if the field is not sent at all."""

    word: ClassVar[str] = "any"

    def accepts(self, value: Any) -> bool:  # noqa: ARG002 (anything is accepted)
        """Yes."""
        return True

    def argument(self) -> Any:
        """Nothing is left to say."""
        return True

    @classmethod
    def read(cls, argument: Any) -> Self:  # noqa: ARG003 (nothing is left to say)
        """Make one."""
        return cls()


@dataclass(frozen=True, slots=True, eq=False)
class Is(Matcher):
    """Strictly equal: `1` is not `"1"`, and true is not `1`; `1` is `1.0`."""

    word: ClassVar[str] = "is"
    pattern: Any

    @classmethod
    def read_short(cls, text: str) -> Any:
        """Read a JSON scalar, or text."""
        return read_scalar(text)

    def __eq__(self, other: object) -> bool:
        return type(other) is Is and same(self.pattern, other.pattern)

    def __hash__(self) -> int:
        return hash(str(self.pattern))

    def accepts(self, value: Any) -> bool:
        """Tell whether the value is the same JSON value."""
        return value is not MISSING and same(value, self.pattern)

    def argument(self) -> Any:
        """Give the value."""
        return self.pattern


@dataclass(frozen=True, slots=True)
class _Text(Matcher):
    """A matcher of strings by a piece of text."""

    pattern: str

    def __post_init__(self) -> None:
        if type(self.pattern) is not str:
            raise InvalidFilter(self.word, f"takes a string, not {self.pattern!r}")

    @classmethod
    def read_short(cls, text: str) -> Any:
        """Take the text as it is, or out of its quotes."""
        return read_scalar(text) if text.startswith('"') else text

    def argument(self) -> Any:
        """Give the text."""
        return self.pattern


@dataclass(frozen=True, slots=True)
class Startswith(_Text):
    """A string that starts with the text."""

    word: ClassVar[str] = "startswith"

    def accepts(self, value: Any) -> bool:
        """Tell whether the value is a string that starts so."""
        return type(value) is str and value.startswith(self.pattern)


@dataclass(frozen=True, slots=True)
class Endswith(_Text):
    """A string that ends with the text."""

    word: ClassVar[str] = "endswith"

    def accepts(self, value: Any) -> bool:
        """Tell whether the value is a string that ends so."""
        return type(value) is str and value.endswith(self.pattern)


@dataclass(frozen=True, slots=True)
class Contains(_Text):
    """A string with the text anywhere in it."""

    word: ClassVar[str] = "contains"

    def accepts(self, value: Any) -> bool:
        """Tell whether the value is a string that contains it."""
        return type(value) is str and self.pattern in value


@dataclass(frozen=True, slots=True)
class Like(_Text):
    """A string in which the regular expression (RE2's) is found, anywhere."""

    word: ClassVar[str] = "like"

    def __post_init__(self) -> None:
        super(Like, self).__post_init__()
        compile_expression(self.pattern)

    def accepts(self, value: Any) -> bool:
        """Tell whether the value is a string in which it is found."""
        return type(value) is str and compile_expression(self.pattern).search(value) is not None


@dataclass(frozen=True, slots=True)
class _Bound(Matcher):
    """A matcher of numbers by a bound."""

    pattern: float

    @classmethod
    def read_short(cls, text: str) -> Any:
        """Read a number; what is none is refused by the constructor."""
        return read_scalar(text)

    def __post_init__(self) -> None:
        if not is_number(self.pattern):
            raise InvalidFilter(self.word, f"takes a number, not {self.pattern!r}")

    def argument(self) -> Any:
        """Give the bound."""
        return self.pattern


@dataclass(frozen=True, slots=True)
class Gt(_Bound):
    """A number greater than the bound."""

    word: ClassVar[str] = "gt"

    def accepts(self, value: Any) -> bool:
        """Tell whether the value is such a number."""
        return is_number(value) and value > self.pattern


@dataclass(frozen=True, slots=True)
class Gte(_Bound):
    """A number greater than the bound, or equal to it."""

    word: ClassVar[str] = "gte"

    def accepts(self, value: Any) -> bool:
        """Tell whether the value is such a number."""
        return is_number(value) and value >= self.pattern


@dataclass(frozen=True, slots=True)
class Lt(_Bound):
    """A number less than the bound."""

    word: ClassVar[str] = "lt"

    def accepts(self, value: Any) -> bool:
        """Tell whether the value is such a number."""
        return is_number(value) and value < self.pattern


@dataclass(frozen=True, slots=True)
class Lte(_Bound):
    """A number less than the bound, or equal to it."""

    word: ClassVar[str] = "lte"

    def accepts(self, value: Any) -> bool:
        """Tell whether the value is such a number."""
        return is_number(value) and value <= self.pattern


#: Every matcher by its word.
MATCHERS: dict[str, type[Matcher]] = {
    kind.word: kind for kind in (Any_, Is, Startswith, Endswith, Contains, Like, Gt, Gte, Lt, Lte)
}
