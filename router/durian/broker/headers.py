"""Which headers leave with a message: what Durian means to say, and nothing that acts."""

from __future__ import annotations

from collections.abc import Mapping

from durian.events.message import HeaderValue

#: Headers that give a message further routing keys: only `Address.bcc` may do that.
_ROUTING = frozenset({"CC", "BCC"})


def to_send(headers: Mapping[str, HeaderValue]) -> dict[str, str]:
    """Keep strings (a copy), and drop what would route: a stranger's BCC would add receivers."""
    return {
        name: value
        for name, value in headers.items()
        if isinstance(value, str) and name not in _ROUTING
    }
