"""Reading the name of a host: lower-case ASCII labels, international ones converted strictly."""

from __future__ import annotations

import re

from durian.errors import InvalidListener, MissingExtra

#: Characters of a whole name: the limit of the domain name system.
_LONGEST_NAME = 253

#: A label: letters, digits, inner hyphens, and underscores, which are common in the wild.
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")

#: Names whose answer must not be asked of the domain name system (RFC 7686), and the metadata
#: services of clouds that live on public addresses, where no address table finds them.
_DENIED_NAMES = ("onion", "metadata.packet.net", "metadata.platformequinix.com")


def ascii_host(text: str) -> str:
    """Read a host name or dotted IPv4 address: lower-case ASCII, without a trailing dot.

    Raises:
        InvalidListener: its field is `url`.
        MissingExtra: the name is international, and the `idna` package is not installed.
    """
    host = ".".join(_label(label) for label in text.removesuffix(".").split("."))
    if len(host) > _LONGEST_NAME:
        raise _invalid(f"has a host name longer than {_LONGEST_NAME} characters")
    if any(host == name or host.endswith(f".{name}") for name in _DENIED_NAMES):
        raise _invalid("has a host name that must not be called")
    return host


def _label(label: str) -> str:
    plain = label.lower() if label.isascii() else _encoded(label)
    if _LABEL.fullmatch(plain) is None:
        raise _invalid("has a malformed host name")
    if plain.startswith("xn--"):
        _check_punycode(plain)
    return plain


def _encoded(label: str) -> str:
    """Convert an international label; one that turns out to be plain ASCII is a disguise."""
    try:
        import idna  # noqa: PLC0415 - part of an extra, and few names need it
    except ImportError as exc:
        raise MissingExtra("consumer", "idna") from exc
    try:
        encoded = idna.encode(label, uts46=True).decode("ascii")
    except idna.IDNAError as exc:
        raise _invalid("has a malformed international host name") from exc
    if not encoded.startswith("xn--") or "." in encoded:
        raise _invalid("disguises a plain host name in look-alike characters")
    return encoded


def _check_punycode(label: str) -> None:
    try:
        decoded = label.removeprefix("xn--").encode("ascii").decode("punycode")
    except ValueError as exc:
        raise _invalid("has a malformed international host name") from exc
    if decoded.isascii() or not decoded.isprintable():
        raise _invalid("has a malformed international host name")


def _invalid(reason: str) -> InvalidListener:
    return InvalidListener("url", reason)
