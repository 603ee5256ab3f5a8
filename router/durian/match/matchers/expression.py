"""Regular expressions, run by RE2: linear in the text, so that no pattern can hang a router."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from durian.errors import InvalidFilter, MissingExtra
from durian.match.condition import Matcher
from durian.match.limits import MAX_EXPRESSION, MAX_PROGRAM, MAX_SEARCHED, check

#: Bytes that one compiled expression may take; RE2 refuses what does not fit.
MAX_MEMORY_BYTES = 1024 * 1024

#: Compiled expressions that are kept: 4 KB each.
_KEPT = 10_000

_HINT = "See https://github.com/google/re2/wiki/Syntax; RE2 has no backreferences or lookaround."


@dataclass(frozen=True, slots=True)
class Like(Matcher):
    """A string in which the regular expression (RE2's) is found, anywhere in its head.

    The head is the first 1,024 characters; of a longer string, it is all that is looked at.
    """

    word = "like"
    pattern: str

    def __post_init__(self) -> None:
        if type(self.pattern) is not str:
            raise InvalidFilter("like", f"takes a string, not {self.pattern!r}")
        _check_compiles(self.pattern)

    def argument(self) -> Any:
        """Give the expression."""
        return self.pattern

    def accepts(self, value: Any, /) -> bool:
        """Tell whether the value is a string in whose head it is found."""
        if type(value) is not str:
            return False
        return is_found(self.pattern, value[:MAX_SEARCHED])


def is_found(pattern: str, text: str) -> bool:
    """Tell whether an expression that compiles is found in the text."""
    return compile_expression(pattern).search(text) is not None


@functools.lru_cache(maxsize=_KEPT)
def compile_expression(pattern: str) -> Any:
    """Compile a regular expression, or give what was compiled before: an object with `search`.

    Raises InvalidFilter about `like`, with RE2's reason, and MissingExtra without google-re2.
    """
    return _compiled(pattern)


def _check_compiles(pattern: str) -> None:
    """Compile without keeping anything: of all that are filed, few are ever searched for."""
    check("like", "the number of characters", len(pattern), MAX_EXPRESSION)
    re2 = engine()
    # In a set of one it takes half the time that `compile` does, which says what is wrong.
    alone = re2.Filter()
    try:
        alone.Add(pattern, options())
    except re2.error:
        _compiled(pattern)
    else:
        check("like", "the number of instructions", alone.re(0).programsize, MAX_PROGRAM)


def _compiled(pattern: str) -> Any:
    check("like", "the number of characters", len(pattern), MAX_EXPRESSION)
    re2 = engine()
    try:
        compiled = re2.compile(pattern, options())
    except re2.error as exc:
        reason = f"{pattern!r} does not compile: {_reason(exc)}"
        raise InvalidFilter("like", reason, hint=_HINT) from exc
    check("like", "the number of instructions", compiled.programsize, MAX_PROGRAM)
    return compiled


def engine() -> Any:
    """Give the re2 module. Raises MissingExtra when it is not installed."""
    try:
        import re2  # noqa: PLC0415  # late: whoever only hands filters on needs no engine
    except ImportError as exc:
        raise MissingExtra("router", "google-re2") from exc
    return re2


def options() -> Any:
    """Give the options under which every expression is compiled."""
    made = engine().Options()
    made.log_errors = False
    made.max_mem = MAX_MEMORY_BYTES
    return made


def _reason(exc: Exception) -> str:
    reason = exc.args[0] if exc.args else exc
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
