"""Regular expressions, run by RE2: linear in the text, so that no pattern can hang a router."""

from __future__ import annotations

import functools
from typing import Any

from durian.errors import InvalidFilter, MissingExtra

#: Bytes that one compiled expression may take; RE2 refuses what does not fit.
MAX_MEMORY_BYTES = 1024 * 1024

#: Characters in one expression.
MAX_LENGTH = 512

_HINT = "See https://github.com/google/re2/wiki/Syntax; RE2 has no backreferences or lookaround."


@functools.lru_cache(maxsize=10_000)
def compile_expression(pattern: str) -> Any:
    """Compile a regular expression: an object with `search`.

    Raises InvalidFilter about `like` with RE2's reason, and MissingExtra without google-re2.
    """
    if len(pattern) > MAX_LENGTH:
        reason = f"the expression has {len(pattern)} characters, the limit is {MAX_LENGTH}"
        raise InvalidFilter("like", reason)
    re2 = _engine()
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_MEMORY_BYTES
    try:
        return re2.compile(pattern, options)
    except re2.error as exc:
        reason = exc.args[0] if exc.args else exc
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise InvalidFilter("like", f"{pattern!r} does not compile: {text}", hint=_HINT) from exc


def _engine() -> Any:
    # Imported late: whoever only reads or writes filters needs no engine.
    try:
        import re2  # noqa: PLC0415
    except ImportError as exc:
        raise MissingExtra("router", "google-re2") from exc
    return re2
