"""The attributes of an event: their names and rules, and the one place that checks them.

Rules are those of CloudEvents 1.0, section "Context Attributes", and of what carries events: AMQP
keeps routing keys, message ids and content types in at most 255 bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache

from durian.errors import InvalidEvent
from durian.events.canonical import parse_time
from durian.events.caps import Caps
from durian.events.excerpt import excerpt, label
from durian.events.media import REMEMBERED

#: The version of CloudEvents that is spoken.
SPECVERSION = "1.0"

#: Attributes that every event has.
MANDATORY = ("specversion", "id", "source", "type")

#: Attributes that CloudEvents defines; all others are extensions.
DEFINED = frozenset({*MANDATORY, "subject", "time", "dataschema", "datacontenttype"})

#: Bytes of a short string in AMQP 0-9-1: routing key, message id, content type.
SHORT_STRING_BYTES = 255

#: Bytes by which an attribute is more than name and value on the wire, at most.
_OVERHEAD_BYTES = 16

_EXTENSION = re.compile(r"[a-z0-9]{1,64}")
_RESERVED = DEFINED | {"data"}
#: What CloudEvents keeps out of strings: controls, surrogates and noncharacters.
_FORBIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(
        f"{chr((plane << 16) + 0xFFFE)}{chr((plane << 16) + 0xFFFF)}" for plane in range(1, 17)
    )
    + "]"
)
_PLAIN_TYPE = re.compile(r"[A-Za-z0-9_.:/-]{1,255}")
_WORD = re.compile(r"\S+")
_ABSOLUTE_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_MEDIA_TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+ *(;[ -~]*)?")


def is_extension(name: str) -> bool:
    """Tell whether an extension may be called so."""
    return _EXTENSION.fullmatch(name) is not None and name not in _RESERVED


def check(attributes: Mapping[str, str], caps: Caps) -> datetime | None:
    """Check all attributes of an event, by name and canonical string; return its time, if any.

    Raises InvalidEvent, which names the attribute.
    """
    for name in MANDATORY:
        if not attributes.get(name):
            state = "is empty" if name in attributes else "is missing"
            raise InvalidEvent(name, state, hint=f"Every event has {', '.join(MANDATORY)}.")
    size = 0
    for name, value in attributes.items():
        if not (value.isascii() and value.isprintable()):
            _check_characters(name, value)
        size += len(name) + len(value) + _OVERHEAD_BYTES
        if (rule := _RULES.get(name)) is not None:
            rule(value)
        elif name not in DEFINED and not is_extension(name):
            _refuse_name(name)
    # Characters are cheap to count, and at most four bytes each.
    if size * 4 > caps.attributes_bytes:
        _check_size(attributes, caps.attributes_bytes)
    return parse_time(attributes["time"]) if "time" in attributes else None


def _check_specversion(value: str) -> None:
    if value != SPECVERSION:
        hint = f"Durian speaks CloudEvents {SPECVERSION}."
        raise InvalidEvent("specversion", f"is {excerpt(value)}", hint=hint)


def _check_id(value: str) -> None:
    _check_short("id", value)


def _check_source(value: str) -> None:
    if not _WORD.fullmatch(value):
        raise InvalidEvent("source", "has white space", hint="Give a URI, such as /shop/orders.")


def _check_type(value: str) -> None:
    """A type is a routing key, and listeners name types with `*` and `#` for wildcards."""
    if _PLAIN_TYPE.fullmatch(value):
        return
    words = value.split(".")
    hint = "Choose a name such as com.example.order.paid: it is the routing key."
    if "*" in words or "#" in words:
        raise InvalidEvent("type", f"{excerpt(value)} has a wildcard for a word", hint=hint)
    if not _WORD.fullmatch(value):
        raise InvalidEvent("type", f"{excerpt(value)} has white space", hint=hint)
    _check_short("type", value)


def _check_subject(value: str) -> None:
    if not value:
        raise InvalidEvent("subject", "is empty", hint="Leave it out.")


def _check_dataschema(value: str) -> None:
    if not _ABSOLUTE_URI.fullmatch(value):
        hint = "Give a URI with its scheme, such as https://example.com/schemas/order.json."
        raise InvalidEvent("dataschema", f"{excerpt(value)} is not an absolute URI", hint=hint)


@lru_cache(REMEMBERED)
def _check_datacontenttype(value: str) -> None:
    _check_short("datacontenttype", value)
    if not _MEDIA_TYPE.fullmatch(value):
        hint = "Give a type such as application/json or text/plain; charset=utf-8."
        raise InvalidEvent("datacontenttype", f"{excerpt(value)} is not a media type", hint=hint)


_RULES: Mapping[str, Callable[[str], None]] = {
    "specversion": _check_specversion,
    "id": _check_id,
    "source": _check_source,
    "type": _check_type,
    "subject": _check_subject,
    "dataschema": _check_dataschema,
    "datacontenttype": _check_datacontenttype,
}


def _check_characters(name: str, value: str) -> None:
    bad = _FORBIDDEN.search(value)
    if bad is not None:
        reason = f"holds the character U+{ord(bad[0]):04X}"
        hint = "Attributes are text without control characters; put the rest into data."
        raise InvalidEvent(label(name), reason, hint=hint)


def _check_short(name: str, value: str) -> None:
    if (size := len(value.encode())) > SHORT_STRING_BYTES:
        hint = "Shorten it: AMQP allows no more."
        reason = f"is {size} bytes; at most {SHORT_STRING_BYTES} are allowed"
        raise InvalidEvent(label(name), reason, hint=hint)


def _check_size(attributes: Mapping[str, str], cap: int) -> None:
    sizes = {
        name: len(name) + len(value.encode()) + _OVERHEAD_BYTES
        for name, value in attributes.items()
    }
    if (total := sum(sizes.values())) > cap:
        largest = max(sizes, key=sizes.__getitem__)
        reason = f"is the largest of attributes of {total:,} bytes; at most {cap:,} are allowed"
        raise InvalidEvent(largest, reason, hint="Put what is large into data.")


def _refuse_name(name: str) -> None:
    if name in _RESERVED:
        raise InvalidEvent(name, "cannot be an extension", hint="CloudEvents reserves this name.")
    hint = "Names of attributes are 1 to 64 lower-case letters and digits."
    raise InvalidEvent(label(name), "cannot be the name of an attribute", hint=hint)
