"""Reading a listener's URL: strictly, so that every parser after this one reads the same host.

Parsers that disagree are how a guard checks one host and a client calls another. What two of them
could read differently is refused here, when a listener is saved and again when it is called.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Literal
from urllib.parse import urlsplit

from durian.errors import InvalidListener
from durian.registry.host import ascii_host

#: Characters of a URL; what common proxies and servers accept.
MAX_URL_LENGTH = 2048

#: Ports of services that no webhook receiver runs on, and that act on the first lines they are
#: sent: those from 20 that browsers refuse (WHATWG Fetch, "bad port"), and of file shares,
#: databases, caches, brokers and container engines.
DENIED_PORTS = frozenset(
    {
        *(20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95),
        *(101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 138, 139, 143),
        *(161, 179, 389, 427, 445, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554),
        *(556, 563, 587, 601, 631, 636, 873, 989, 990, 993, 995, 1433, 1521, 1719, 1720, 1723),
        *(1883, 2049, 2181, 2375, 2376, 2377, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 4369),
        *(5060, 5061, 5432, 5671, 5672, 5900, 5984, 6000, 6379, 6443, 6566, 6665, 6666, 6667),
        *(6668, 6669, 6679, 6697, 8125, 8883, 9042, 9092, 9200, 9300, 9418, 10080, 10250, 10255),
        *(11211, 15671, 15672, 25672, 26379, 27017, 27018, 27019, 61613, 61616),
    }
)

Scheme = Literal["http", "https"]
_DEFAULT_PORTS: dict[Scheme, int] = {"http": 80, "https": 443}
_HIGHEST_PORT = 65535

#: Scheme, authority, and path with query; the fragment was refused before.
_SHAPE = re.compile(r"(https?)://([^/?]*)([/?].*)?", re.IGNORECASE)

_SCHEME = re.compile(r"https?://", re.IGNORECASE)

#: A literal IPv6 address or a name, and a port without leading zero.
_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]+))(?::([1-9][0-9]{0,4}))?")

_PRINTABLE = re.compile(r"[!-~]*")


@dataclass(frozen=True, slots=True)
class Url:
    """A URL taken apart and checked."""

    scheme: Scheme
    #: A lower-case ASCII name without a trailing dot, or an address without brackets.
    host: str
    port: int
    #: Path and query, at least `/`.
    target: str
    #: Whether the host is an address instead of a name.
    literal: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"


@lru_cache(maxsize=4096)
def parse_url(text: str) -> Url:
    """Read a URL that events may be POSTed to.

    Whether its addresses may be called is another question, answered when it is called.

    Raises:
        InvalidListener: its field is `url`; the reason says what is wrong.
    """
    if len(text) > MAX_URL_LENGTH:
        raise _invalid(f"must be at most {MAX_URL_LENGTH} characters")
    if not _SCHEME.match(text):
        raise _invalid("must begin with https:// or http://")
    shape = _SHAPE.fullmatch(text)
    if shape is None or any(char <= " " or char == "\x7f" for char in text):
        raise _invalid("must look like https://host/path, without spaces and line breaks")
    scheme: Scheme = "https" if shape[1].lower() == "https" else "http"
    host, port, literal = _authority(shape[2], scheme)
    url = Url(scheme, host, port, _target(shape[3] or "/"), literal)
    _check_agreement(text, url)
    return url


def _authority(text: str, scheme: Scheme) -> tuple[str, int, bool]:
    if any(char in text for char in "@%\\#"):
        raise _invalid("must not hold a user name, a password or any of @ % \\ # before its path")
    parts = _AUTHORITY.fullmatch(text)
    if parts is None:
        raise _invalid("has a malformed host or port")
    port = int(parts[3]) if parts[3] else _DEFAULT_PORTS[scheme]
    if port > _HIGHEST_PORT:
        raise _invalid(f"has a port past {_HIGHEST_PORT}")
    if port in DENIED_PORTS:
        raise _invalid(f"has port {port}, which belongs to a service that takes no webhooks")
    if parts[1]:
        return _ipv6(parts[1]), port, True
    host = ascii_host(parts[2])
    return host, port, _is_ipv4(host)


def _ipv6(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except AddressValueError as exc:
        raise _invalid("has a malformed IPv6 address") from exc


def _is_ipv4(host: str) -> bool:
    """Tell an address from a name; what only some parsers take for an address is refused.

    `127.1`, `0x7f000001`, `0177.0.0.1` and `2130706433` are all 127.0.0.1 to the C library.
    """
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rpartition(".")[2]) is None:
        return False
    try:
        canonical = str(IPv4Address(host)) == host
    except AddressValueError:
        canonical = False
    if not canonical:
        raise _invalid("has an IPv4 address that is not written as four plain decimal numbers")
    return True


def _target(text: str) -> str:
    if _PRINTABLE.fullmatch(text) is None:
        raise _invalid("must write characters beyond ASCII percent-encoded in its path and query")
    if "\\" in text or "#" in text:
        raise _invalid("must not hold a backslash or a fragment (#)")
    return text if text.startswith("/") else f"/{text}"


def _check_agreement(text: str, url: Url) -> None:
    """Refuse what the standard library's parser reads differently."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS[url.scheme]
        known = str(IPv6Address(host)) if ":" in host else ascii_host(host)
    except ValueError as exc:
        raise _invalid("cannot be read the same way by every parser") from exc
    if (known, port) != (url.host, url.port):
        raise _invalid("cannot be read the same way by every parser")


def _invalid(reason: str) -> InvalidListener:
    return InvalidListener("url", reason)
