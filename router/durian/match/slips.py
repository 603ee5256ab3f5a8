"""What people plainly get wrong in the short form: refused with how to write it, never guessed at.

Each of these texts would be a value that hardly any event has. Quoted, it is that value.
"""

from __future__ import annotations

import json
import re

from durian.errors import InvalidFilter
from durian.match.matchers import MATCHERS
from durian.match.reading import meant_word
from durian.match.values import is_number, read_scalar

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

#: A condition's path, and its sign, which is no arrow and compares with a number.
_PATH = r"(?:\\.|[A-Za-z_@])[\w.@\\-]*"
_SIGN = r"(?:!?[=~](?!>)|[<>](?:=|\s*-?\d))"

#: A further condition behind what other languages join them by. It is none behind a `=`: that is a
#: text of pairs (`cn=Joe,dc=example`).
_JOINED = re.compile(rf"[^=]*?\s(?:AND|OR|&&|\|\|)\s+\(?({_PATH}\s*{_SIGN})")
#: One where a value without a word should go on; none behind `;` (`text/html; charset=utf-8`).
_CONDITION = re.compile(rf"[^=]*?(?:(?<!;)\s|,|&&|\|\|)({_PATH}{_SIGN})")

#: A word as other languages write it in front of its argument; `Contains: nuts` is text.
_CALL = re.compile(r"([A-Za-z][A-Za-z_-]*)(?:\s*=(.*)|\((.*)\)|:(\S.*)?)", re.DOTALL)

#: A text, or an item of a list, in quotes that are none here.
_QUOTED = re.compile(
    "(?<![^,\\s])(?:'([^']*)'|\u2018([^\u2018\u2019]*)\u2019|\u201c([^\u201c\u201d]*)\u201d)(?![^,\\s])"
)

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


def refuse_in_text(raw: str, field: str, head: str, *, among: str = "") -> None:
    """Raise InvalidFilter when a text without quotes must have been meant otherwise.

    `head` is what stands in front of it: the path, the sign, and the word if there is one;
    `among` is the list that it is an item of.
    """
    if raw.startswith('"'):
        refuse_quoted(raw, field)
    if _QUOTED.fullmatch(raw):
        reason = f"{_shown(raw)} has quotes that are none here"
        raise _slip(field, raw, reason, head + _requoted(among or raw))
    _refuse_further(_JOINED, raw, field)


def refuse_quoted(raw: str, field: str) -> None:
    """Raise InvalidFilter: what begins with a quote cannot be read."""
    reason = f"{_shown(raw)} is not a quoted text as JSON has it"
    hint = r'Close it by ", and double each backslash in it: "\\d and more".'
    raise InvalidFilter(field, reason, hint=hint)


def refuse_in_value(raw: str, path: str, sign: str, *, as_text: bool) -> None:
    """The same for what stands behind a path and a sign, without a word.

    `as_text` is whether it is text whatever it looks like. Raises InvalidFilter.
    """
    field, head = path or "filter", path + sign
    _refuse_sign(raw, path, sign, as_text=as_text)
    if sign[0] in "<>":
        _refuse_further(_JOINED, raw, field)
        return
    refuse_in_text(raw, field, head)
    _refuse_further(_CONDITION, raw, field)
    if found := _CALL.fullmatch(raw):
        _refuse_call(found, field, head)
    if raw.startswith("*") or raw.endswith("*"):
        plain = path + sign.replace("~", "=")
        meant = f"{plain}exists:" if raw == "*" else f"{head}wildcard:{raw}"
        if raw.endswith(".*") and not raw.startswith("*"):
            like = "like:(?i)" if sign.endswith("~") else "like:"
            meant += f" or, if it is a regular expression, {plain}{like}{raw}"
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


def _refuse_sign(raw: str, path: str, sign: str, *, as_text: bool) -> None:
    found = _SIGNS.match(raw)
    meant = _MEANT.get(sign + found.group()) if found else None
    if found is None or meant is None or raw.startswith("~/"):
        return
    field, rest = path or "filter", raw[found.end() :].strip()
    if meant in ("=", "!=") and not _SIGNS.match(rest):
        refuse_in_value(rest, path, meant, as_text=as_text)
    if meant[0] not in "<>" or is_number(read_scalar(rest)):
        # Behind `<` or `>` no text can be meant.
        text = "" if sign[0] in "<>" else raw
        raise _slip(
            field, text, f"there is no sign {sign}{found.group()}", path + meant + _requoted(rest)
        )


def _refuse_call(found: re.Match[str], field: str, head: str) -> None:
    name, *arguments = found.groups("")
    argument = "".join(arguments).strip()
    word = name.lower() if name.lower() in MATCHERS else meant_word(name)
    if word + ("-ignore-case" if head.endswith("~") else "") in MATCHERS:
        _refuse_further(_JOINED, argument, field)
        if word == "between":
            argument = re.sub(r",\s*", "..", argument.strip("[]"))
        meant = f"{head}{word}:{_requoted(argument)}"
        reason = f"{name + found[0][len(name)]!r} is not how a matcher is written"
        raise _slip(field, found[0], reason, meant)


def _refuse_further(pattern: re.Pattern[str], raw: str, field: str) -> None:
    if found := pattern.match(raw):
        hint = "Join conditions by ` and ` or ` or `, or quote the text that it belongs to."
        reason = f"{_shown(raw[found.start(1) :])} looks like another condition"
        raise InvalidFilter(field, reason, hint=hint)


def _requoted(text: str) -> str:
    return _QUOTED.sub(lambda found: _quoted("".join(found.groups(""))), text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _slip(field: str, raw: str, reason: str, meant: str) -> InvalidFilter:
    hints = [f"Write {meant}."] if len(meant) <= 2 * _SHOWN else []
    if len(raw) > _SHOWN:
        hints.append('Put " around it if it is the text itself.')
    elif raw:
        hints.append(f"The text itself is {_quoted(raw)}.")
    return InvalidFilter(field, reason, hint=" ".join(hints))


def _shown(raw: str) -> str:
    return repr(raw if len(raw) <= _SHOWN else raw[:_SHOWN] + "...")
