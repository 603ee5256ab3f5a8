"""How large a filter may be: what exceeds a limit is refused when it is made, with the number."""

from __future__ import annotations

from durian.errors import InvalidFilter

#: Bytes of a filter's JSON form. The registry keeps it in every router's memory at times.
MAX_FILTER_BYTES = 16 * 1024

#: Conditions in one filter, counting each value of `in` and `anything-but`.
MAX_CONDITIONS = 512

#: Fields and groups within one another: twice what events may be nested, as groups take levels too.
MAX_DEPTH = 128

#: Characters in one text, such as a prefix.
MAX_TEXT = 1024

#: Characters in one regular expression.
MAX_EXPRESSION = 512

#: Instructions in one compiled regular expression: `(a{1,100}){1,10}` has some two thousand.
MAX_PROGRAM = 2000

#: Characters of a string that regular expressions look at. RE2 takes 1.5 ns for each at worst, and
#: a microsecond to begin, for every expression that nothing rules out: ten thousand of them take
#: 25 ms with this limit.
MAX_SEARCHED = 1024


def check(path: str, what: str, size: int, limit: int) -> None:
    """Raise InvalidFilter about the path when the size of something exceeds its limit."""
    if size > limit:
        raise InvalidFilter(path, f"{what} is {size}, the limit is {limit}")
