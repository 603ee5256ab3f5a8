"""Making what a receiver sent harmless: one line, no control characters, no echoed secrets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote

#: Characters of an error line.
LONGEST_LINE = 200

#: What stands in the place of a secret.
REDACTED = "[redacted]"

#: Shorter values are too common to be secrets, and replacing them would garble bodies.
_SHORTEST_SECRET = 8

#: Headers whose values are no secrets; whatever else a request carries may be one.
_PLAIN_HEADERS = frozenset(
    {
        *("accept", "accept-encoding", "content-length", "content-type", "user-agent"),
        *("webhook-id", "webhook-timestamp", "traceparent", "tracestate"),
    }
)
_PLAIN_PREFIXES = ("ce-", "durian-")

#: Categories of characters that move a cursor, hide text or turn its direction.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def one_line(text: str, longest: int = LONGEST_LINE) -> str:
    """Make a text one printable line: control characters go, runs of white space become one."""
    # Cut before the work as well as after it: a receiver may send a reason of any length.
    kept = (
        " " if char.isspace() else char
        for char in text[: 4 * longest]
        if char.isspace() or unicodedata.category(char) not in _UNPRINTABLE
    )
    line = " ".join("".join(kept).split())
    return line if len(line) <= longest else f"{line[: longest - 3]}..."


def header_text(value: str) -> str:
    """Make a header's value printable: every control character becomes a space."""
    return value if value.isascii() and value.isprintable() else one_line(value, 4096)


def secrets_of(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Collect what a request carried that nobody should read in a log: signatures, credentials."""
    found: set[str] = set()
    for name, value in headers.items():
        lowered = name.lower()
        if lowered in _PLAIN_HEADERS or lowered.startswith(_PLAIN_PREFIXES):
            continue
        found.add(value)
        # A signature without its version, a credential without its scheme, a cookie by itself.
        found.update(re.split(r"[ ,;]+", value))
    secrets = (secret for secret in found if len(secret) >= _SHORTEST_SECRET)
    # The longest first: one secret may be part of another.
    return tuple(sorted(secrets, key=len, reverse=True))


def redact_text(text: str, secrets: tuple[str, ...]) -> str:
    """Replace every secret in a text."""
    for secret in secrets:
        text = text.replace(secret, REDACTED)
    return text


def redact_body(body: bytes, secrets: tuple[str, ...], *, cut: bool) -> bytes:
    """Replace every secret in a body, also as JSON and URLs write it.

    Args:
        body: What was kept of the body.
        secrets: As `secrets_of` gives them.
        cut: True when the body went on: it may end in the middle of a secret.
    """
    if len(body) < _SHORTEST_SECRET:
        return body
    for secret in secrets:
        for written in _spellings(secret):
            body = body.replace(written, REDACTED.encode())
            if cut:
                body = _without_beginning(body, written)
    return body


def _spellings(secret: str) -> list[bytes]:
    forms = {
        secret,
        secret.replace("/", "\\/"),
        secret.replace("+", "\\u002b").replace("=", "\\u003d"),
        secret.replace("/", "\\u002f").replace("+", "\\u002b").replace("=", "\\u003d"),
        quote(secret, safe=""),
        quote(secret, safe="/"),
        quote(secret, safe="").lower(),
    }
    return sorted((form.encode("utf-8", "replace") for form in forms), key=len, reverse=True)


def _without_beginning(body: bytes, secret: bytes) -> bytes:
    for length in range(min(len(secret), len(body)), _SHORTEST_SECRET - 1, -1):
        if body.endswith(secret[:length]):
            return body[:-length] + REDACTED.encode()
    return body
