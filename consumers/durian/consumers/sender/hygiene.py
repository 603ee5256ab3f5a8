"""Making what a receiver sent harmless: one line, no control characters, no echoed secrets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import AnyStr
from urllib.parse import quote

#: Characters of an error line.
LONGEST_LINE = 200

#: What stands in the place of a secret.
REDACTED = "[redacted]"

#: Shorter values are too common to be secrets, and replacing them would garble bodies.
_SHORTEST_SECRET = 8

#: So many are looked for one by one, which is quickest for a signature and a credential or two.
_FEW_SECRETS = 16

#: Headers whose values are no secrets; whatever else a request carries may be one.
_PLAIN_HEADERS = frozenset(
    {
        *("accept", "accept-encoding", "content-length", "content-type", "user-agent"),
        *("webhook-id", "webhook-timestamp", "traceparent", "tracestate"),
    }
)
_PLAIN_PREFIXES = ("ce-", "durian-")

#: What is written alike by JSON and URLs.
_PLAIN = re.compile(r"[A-Za-z0-9]*")

#: What is between the parts of a value.
_BETWEEN = re.compile(r"[ ,;]+")

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
    for name in _secret_names(tuple(headers)):
        value = headers[name]
        found.add(value)
        # A signature without its version, a credential without its scheme, a cookie by itself.
        found.update(_BETWEEN.split(value))
    secrets = [secret for secret in found if len(secret) >= _SHORTEST_SECRET]
    # The longest first: one secret may be part of another.
    secrets.sort(key=len, reverse=True)
    return tuple(secrets)


@lru_cache(maxsize=4096)
def _secret_names(names: tuple[str, ...]) -> list[str]:
    """Choose of the names of a request's headers those whose values may be secrets."""
    return [name for name in names if not _is_plain(name.lower())]


def _is_plain(lowered: str) -> bool:
    return lowered in _PLAIN_HEADERS or lowered.startswith(_PLAIN_PREFIXES)


def redact_texts(texts: Sequence[str], secrets: tuple[str, ...]) -> list[str]:
    """Replace every secret in some texts."""
    text = "\n".join(texts)
    beginnings = text if len(secrets) <= _FEW_SECRETS else _beginnings(text)
    found = [secret for secret in secrets if secret[:_SHORTEST_SECRET] in beginnings]
    redacted = list(texts)
    for secret in found:
        redacted = [text.replace(secret, REDACTED) for text in redacted]
    return redacted


def redact_body(body: bytes, secrets: tuple[str, ...], *, cut: bool) -> bytes:
    """Replace every secret in a body, also as JSON and URLs write it.

    Args:
        body: What was kept of the body.
        secrets: As `secrets_of` gives them.
        cut: True when the body went on: it may end in the middle of a secret.
    """
    if len(body) < _SHORTEST_SECRET:
        return body
    few = len(secrets) <= _FEW_SECRETS
    beginnings = body if few else _beginnings(body)
    for secret in secrets:
        if few and _plain_beginning(secret) not in body:
            continue
        for written in _spellings(secret):
            if written[:_SHORTEST_SECRET] in beginnings:
                body = body.replace(written, REDACTED.encode())
                if cut:
                    body = _without_beginning(body, written)
    return body


def _beginnings(text: AnyStr) -> set[AnyStr]:
    """Every piece of a text that a secret could begin with.

    An owner may set headers that hold thousands of what may be secrets; to look for each of them
    in all that was received would cost a third of a second, after the deadline.
    """
    last = len(text) - _SHORTEST_SECRET
    return {text[start : start + _SHORTEST_SECRET] for start in range(last + 1)}


def _plain_beginning(secret: str) -> bytes:
    """How every spelling of a secret begins; maybe nothing."""
    plain = _PLAIN.match(secret[:_SHORTEST_SECRET])
    return plain[0].encode() if plain else b""


def _spellings(secret: str) -> list[bytes]:
    if secret.isascii() and secret.isalnum():
        return [secret.encode()]
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
