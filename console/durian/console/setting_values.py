"""Reading the values of settings that are more than a number or a word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import SplitResult, urlsplit

#: An origin, as a Content-Security-Policy names it.
ORIGIN = re.compile(r"https?://(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?")

Network = IPv4Network | IPv6Network


def parts_of(text: str) -> list[str]:
    """What stands between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def url_parts(url: str) -> SplitResult:
    """Take a URL apart. Raises ValueError when it is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it checks it
    except ValueError as exc:
        raise ValueError(f"is no URL: {exc}") from exc
    return parts


def is_proxy(url: str) -> bool:
    """Tell whether a URL names a proxy, its password written as URLs have it."""
    try:
        parts = urlsplit(url)
        # Reading the port checks it.
        return bool(
            parts.scheme == "http"
            and parts.hostname
            and parts.port != 0
            and parts.netloc.count("@") <= 1
            and parts.path in ("", "/")
            and not (parts.query or parts.fragment)
            and url.isascii()
            and url.isprintable()
            and " " not in url
        )
    except ValueError:
        return False


def network(text: object) -> Network:
    """Read a network. Raises ValueError, which says what was meant perhaps."""
    try:
        return ip_network(str(text))
    except ValueError as exc:
        examples = "write networks such as 10.0.0.0/8,127.0.0.0/8"
        raise ValueError(f"{text!r} is no network; {_meant(text) or examples}") from exc


def _meant(text: object) -> str:
    """What was meant by an address with the length of a network."""
    try:
        return f"did you mean {ip_network(str(text), strict=False)}?"
    except ValueError:
        return ""


def no_setting(name: str, prefix: str, known: Iterable[str]) -> str:
    """What is wrong with a key of the file that is no setting, and which was meant perhaps.

    Keys have no prefix, as variables of the environment have.
    """
    bare = name.lower().removeprefix(prefix.lower())
    near = difflib.get_close_matches(bare, known, 1)
    meant = f"did you mean {near[0]}?" if near else "`durian settings` lists them"
    return f"there is no such setting; {meant}"
