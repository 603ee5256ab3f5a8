"""Write conditions in the short form, such that reading it gives the same conditions."""

from __future__ import annotations

import json
import re

from durian.match.condition import Attribute, Condition, Either, Every, Field, Matcher, Nowhere
from durian.match.matchers import Is
from durian.match.path import join_path
from durian.match.slips import CONSTANTS, is_lookup
from durian.match.values import is_scalar
from durian.match.writing import field_path

#: Text that reads as itself: no word, no number, no bracket, nothing to join conditions by.
_PLAIN = re.compile(r"(?:[^\W\d]|/)[\w./@+-]*")

_SIGN = re.compile("[=!<>~]")

#: What a path in the short form cannot hold without a backslash.
_SPECIAL = re.compile(r"[\s=!<>~(){}]")

_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def write_short(condition: Condition, *, root: bool = True) -> str:
    """Write a condition in the short form."""
    match condition:
        case Every(parts):
            return " and ".join(_within(part, root=root) for part in parts) or "()"
        case Either(parts):
            # A single alternative is written twice, which reads as one.
            each = parts * 2 if len(parts) == 1 else parts
            return " or ".join(_within(part, root=root) for part in each)
        case Nowhere(part):
            return _write_not(part, root=root)
        case Attribute(name, part):
            return f"@{name}{_behind(part, attribute=True)}"
        case Field():
            return _write_field(condition, root=root)
    return _behind(condition)


def _write_not(part: Condition, *, root: bool) -> str:
    text = _within(part, root=root)
    return f"not ({text})" if _SIGN.match(text) else f"not {text}"


def _within(part: Condition, *, root: bool) -> str:
    text = write_short(part, root=root)
    return f"({text})" if isinstance(part, Every | Either) and part.parts else text


def _write_field(field: Field, *, root: bool) -> str:
    names, part = field_path(field)
    path = _SPECIAL.sub(r"\\\g<0>", join_path(names))
    if (root and path.startswith(("@", "$."))) or path == "not" or is_lookup(path):
        path = "\\" + path
    return path + _behind(part)


def _behind(part: Condition, *, attribute: bool = False) -> str:
    """Write what stands behind a path."""
    if isinstance(part, Nowhere) and isinstance(part.part, Matcher):
        behind = _behind(part.part, attribute=attribute)
        if behind.startswith(("=", "~")):
            return "!" + behind
    if not isinstance(part, Matcher):
        return "{" + write_short(part, root=False) + "}"
    argument = part.argument()
    if part.word in _SIGNS:
        return _SIGNS[part.word] + json.dumps(argument)
    if attribute and part.word == "is" and not isinstance(argument, str):
        # A plain `2` would be text, as attributes are.
        return f"=is:{_json(argument)}"
    if isinstance(part, Is) and is_scalar(argument):
        return ("~" if part.ignore_case else "=") + _scalar(argument)
    text = _scalar(argument) if is_scalar(argument) else _json(argument)
    return f"={part.word}:{'' if argument is True else text}"


def _scalar(value: object) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value not in _JSON_WORDS:
        return value
    return _json(value)


_JSON_WORDS = frozenset({"true", "false", "null", "NaN", "Infinity", *CONSTANTS})


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
