"""Custom headers of a listener: which ones may be set without breaking or faking a request."""

from __future__ import annotations

import re
from collections.abc import Mapping

from durian.errors import InvalidListener

#: Headers that frame the request, belong to one hop, or are Durian's own to set.
DENIED_HEADERS = frozenset(
    {
        *("host", "content-length", "content-type", "content-encoding", "transfer-encoding"),
        *("connection", "keep-alive", "te", "trailer", "upgrade", "expect", "accept-encoding"),
        *("date", "forwarded", "http2-settings", "user-agent", "via"),
    }
)

#: Beginnings of such headers.
DENIED_PREFIXES = ("proxy-", "webhook-", "ce-", "durian-", "x-forwarded-")

#: Custom headers of one listener, and characters of one name and value: a request head should fit
#: 8 KiB, where servers begin to refuse.
MOST_HEADERS = 20
LONGEST_NAME = 64
LONGEST_VALUE = 2048

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")


def check_headers(headers: Mapping[str, str]) -> None:
    """Check the custom headers of a listener.

    Raises:
        InvalidListener: its field is `headers`; the reason names the header. Values are secrets
            often enough, so none is repeated.
    """
    if len(headers) > MOST_HEADERS:
        raise _invalid(f"must be at most {MOST_HEADERS}")
    if len({name.lower() for name in headers}) < len(headers):
        raise _invalid("hold a name twice; the case of names does not count")
    for name, value in headers.items():
        _check(name, value)


def is_header_name(name: str) -> bool:
    """Tell whether a name can stand in a header: an HTTP token."""
    return _NAME.fullmatch(name) is not None


def is_header_value(value: str) -> bool:
    """Tell whether a value can stand in a header as it is: tabs and printable ASCII."""
    # The first is quicker by far, and true of nearly all.
    return (value.isascii() and value.isprintable()) or _VALUE.fullmatch(value) is not None


def _check(name: str, value: str) -> None:
    if len(name) > LONGEST_NAME or not is_header_name(name):
        raise _invalid(f"cannot hold the name {name[:64]!r}")
    lowered = name.lower()
    if lowered in DENIED_HEADERS or lowered.startswith(DENIED_PREFIXES):
        raise _invalid(f"cannot hold {name}, which is set by Durian or belongs to the connection")
    if len(value) > LONGEST_VALUE or not is_header_value(value):
        raise _invalid(
            f"cannot hold that value of {name}: at most {LONGEST_VALUE} characters of printable "
            "ASCII"
        )


def _invalid(reason: str) -> InvalidListener:
    return InvalidListener("headers", reason)
