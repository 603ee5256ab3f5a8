r"""Literals of a regular expression: texts that must be in every string in which it is found.

Only what is certain counts: plain characters outside of groups, classes and repetitions. An
expression whose plain characters may mean something else (flags, `|`, `\Q`) has none.
"""

from __future__ import annotations

import re

#: Escapes that stand for a kind of character or for a position; they end a literal.
_KINDS = frozenset("dDwWsSbBAzanfrtv")

_REPEAT = re.compile(r"\{\d+(?:,\d*)?\}")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]", re.DOTALL)


def literals(pattern: str) -> tuple[str, ...]:
    """Give the texts that must be there, one behind the other, for the expression to be found."""
    if "(?" in pattern.replace("(?:", "").replace("(?P<", "") or "\\Q" in pattern:
        return ()
    found: list[str] = []
    run = ""
    at = 0
    while at < len(pattern):
        letter, at = pattern[at], at + 1
        if letter in "*?+{":
            repeat = _REPEAT.match(pattern, at - 1)
            if letter == "{" and repeat is None:
                return ()
            # What is repeated may be absent, except behind a plus.
            found.append(run if letter == "+" else run[:-1])
            run, at = "", repeat.end() if repeat else at
        elif letter == "|":
            return ()
        elif letter in "^$.([":
            found.append(run)
            run = ""
            at = _past(pattern, at - 1)
        elif letter != "\\":
            run += letter
        elif pattern[at] in _KINDS:
            found.append(run)
            run, at = "", at + 1
        elif pattern[at].isalnum() or not pattern[at].isascii():
            return ()
        else:
            run, at = run + pattern[at], at + 1
    return tuple(filter(None, (*found, run)))


def _past(pattern: str, at: int) -> int:
    """Give the index past a single sign, a class or a whole group."""
    if pattern[at] == "[":
        found = _CLASS.match(pattern, at)
        return found.end() if found else len(pattern)
    if pattern[at] != "(":
        return at + 1
    at += 1
    while at < len(pattern) and pattern[at] != ")":
        at = at + 2 if pattern[at] == "\\" else _past(pattern, at)
    return at + 1
