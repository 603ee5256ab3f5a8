"""What people plainly get wrong in the short form: refused with how to write it, never guessed at.

Each of these texts would be a value that hardly any event has. Quoted, it is that value.
"""

from __future__ import annotations

import json
import re

from durian.errors import InvalidFilter
from durian.match.matchers import MATCHERS
from durian.match.reading import meant_word

#: Signs of other languages, by what they stand for.
_MEANT = {
    **dict.fromkeys(("==", "==="), "="),
    **dict.fromkeys(("!==", "=!", "=!=", "<>"), "!="),
    **dict.fromkeys(("=>", ">=="), ">="),
    **dict.fromkeys(("=<", "<=="), "<="),
    **dict.fromkeys(("=~", "~=", "==~", "~~"), "=like:"),
    **dict.fromkeys(("!~=", "!=~", "!~~"), "!=like:"),
}
_SIGNS = re.compile(r"[=!<>~]{1,3}")

#: What other languages join conditions by.
_JOINT = re.compile(r"\s(AND|OR|&&|\|\|)(?=\s)")

#: The beginning of a further condition, where one value should go on. It is none behind a semicolon
#: (`text/html; charset=utf-8`), nor where no number is compared (`Joe <joe@example.com>`).
_CONDITION = re.compile(
    r"(?:(?<!;)\s|,|&&|\|\|)((?:\\.|[A-Za-z_@])[\w.@\\-]*\s*(?:[=~]|![=~]|[<>](?:=|\s*[\d-])))"
)

#: A word as other languages write it in front of its argument.
_CALL = re.compile(r"([A-Za-z][A-Za-z_-]*)(\s*=|\(|:)")

#: Quotes that are none here, turned into those that are.
_QUOTES = str.maketrans(dict.fromkeys("'\u2018\u2019\u201c\u201d", '"'))

#: What other languages call true, false and null.
CONSTANTS = {
    **dict.fromkeys(("True", "TRUE"), "true"),
    **dict.fromkeys(("False", "FALSE"), "false"),
    **dict.fromkeys(("None", "Null", "NULL"), "null"),
}

#: Lookups of Django's, behind two underscores, that are words by another name here.
_LOOKUPS = {
    "exact": "is",
    "iexact": "is-ignore-case",
    "icontains": "contains-ignore-case",
    "istartswith": "startswith-ignore-case",
    "iendswith": "endswith-ignore-case",
    "regex": "like",
    "range": "between",
    "isnull": "missing",
}

#: Characters of a text that an error repeats.
_SHOWN = 60


def refuse_in_text(raw: str, field: str, head: str) -> None:
    """Raise InvalidFilter when a text without quotes must have been meant otherwise.

    `head` is what stands in front of it: the path, the sign, and the word if there is one.
    """
    if raw.startswith('"'):
        refuse_quoted(raw, field)
    meant = raw.translate(_QUOTES)
    if meant.startswith('"'):
        whole = head + meant if len(raw) > 1 and meant.endswith('"') else ""
        raise _slip(field, raw, f"{_shown(raw)} has quotes that are none here", whole)
    if found := _JOINT.search(raw):
        raise _joined(field, found[1])


def refuse_quoted(raw: str, field: str) -> None:
    """Raise InvalidFilter: what begins with a quote cannot be read."""
    reason = f"{_shown(raw)} is not a quoted text as JSON has it"
    hint = r'Close it by ", and double each backslash in it: "\\d and more".'
    raise InvalidFilter(field, reason, hint=hint)


def refuse_in_value(raw: str, path: str, sign: str, *, as_text: bool) -> None:
    """The same for what stands behind a path and a sign, without a word.

    `as_text` is whether it is text whatever it looks like. Raises InvalidFilter.
    """
    field = path or "filter"
    if found := _SIGNS.match(raw):
        whole = sign + found.group()
        meant = f"{path}{_MEANT[whole]}{raw[found.end() :].strip()}" if whole in _MEANT else ""
        raise _slip(field, raw, f"there is no sign {whole}", meant)
    head = path + sign
    refuse_in_text(raw, field, head)
    if found := _CONDITION.search(raw):
        hint = "Join conditions by ` and ` or ` or `. " + _literally(raw)
        reason = f"{_shown(raw[found.start(1) :])} looks like another condition"
        raise InvalidFilter(field, reason, hint=hint)
    if found := _CALL.match(raw):
        _refuse_call(found, raw, field, head)
    if raw.startswith("*") or raw.endswith("*"):
        meant = f"{path}=exists:" if raw == "*" else f"{head}wildcard:{raw}"
        if raw.endswith(".*"):
            meant += f" or, if it is a regular expression, {path}=like:{raw}"
        raise _slip(field, raw, f"the * of {_shown(raw)} would stand for itself", meant)
    if raw in CONSTANTS and not as_text:
        raise _slip(field, raw, f"{raw} would be text", head + CONSTANTS[raw])


def refuse_json_path(path: str) -> None:
    """Raise InvalidFilter when a path begins as those of other languages do."""
    if path.startswith("$."):
        hint = rf"Write {path[2:]}. What the data holds in a member named $ is \{path}."
        raise InvalidFilter(path, "is a JSONPath", hint=hint)


def is_lookup(path: str) -> bool:
    """Tell whether a path is named as Django's lookups are: `name__startswith`.

    One that begins with a backslash is meant as it is.
    """
    field, _, lookup = path.rpartition("__")
    return bool(field) and not field.startswith("\\") and _LOOKUPS.get(lookup, lookup) in MATCHERS


def refuse_lookup(path: str, literally: str) -> None:
    """Raise InvalidFilter when a path is named as Django's lookups are.

    `literally` is how to write a field that is named so.
    """
    if is_lookup(path):
        field, _, lookup = path.rpartition("__")
        word = _LOOKUPS.get(lookup, lookup)
        short, form = f"{field}={word}:...", f'{{"{field}": {{"{word}": ...}}}}'
        hint = f"Write {short}, or {form} in JSON and Python. A field of that name is {literally}."
        raise InvalidFilter(path, "is a lookup of Django's", hint=hint)


def refuse_rest(rest: str) -> None:
    """Raise InvalidFilter when what follows a condition begins with another language's joint."""
    if found := _JOINT.match(f" {rest} "):
        raise _joined("filter", found[1])


def _refuse_call(found: re.Match[str], raw: str, field: str, head: str) -> None:
    name, sign = found.groups()
    word = name.lower() if name.lower() in MATCHERS else meant_word(name)
    if word in MATCHERS:
        argument = raw[found.end() :].strip()
        if sign == "(":
            argument = argument.removesuffix(")")
        reason = f"{found.group()!r} is not how a matcher is written"
        raise _slip(field, raw, reason, f"{head}{word}:{argument}")


def _joined(field: str, joint: str) -> InvalidFilter:
    meant = "and" if joint in ("AND", "&&") else "or"
    hint = f"Write ` {meant} `, or quote the text that it belongs to."
    return InvalidFilter(field, f"{joint} joins no conditions", hint=hint)


def _slip(field: str, raw: str, reason: str, meant: str) -> InvalidFilter:
    hint = _literally(raw)
    if meant and len(raw) <= _SHOWN:
        hint = f"Write {meant}. {hint}"
    return InvalidFilter(field, reason, hint=hint)


def _literally(raw: str) -> str:
    if len(raw) > _SHOWN:
        return 'Put " around it if it is the text itself.'
    return f"The text itself is {json.dumps(raw, ensure_ascii=False)}."


def _shown(raw: str) -> str:
    return repr(raw if len(raw) <= _SHOWN else raw[:_SHOWN] + "...")
