"""A request checked once more before it is sent: what was saved may be older than the rules."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from durian.consumers.sender.addresses import NOT_PUBLIC, Guard
from durian.consumers.sender.fault import Fault
from durian.consumers.sender.port import Request
from durian.errors import InvalidListener
from durian.registry.headers import is_header_name, is_header_value
from durian.registry.url import Url, parse_url

#: Headers that frame the request: set by the sender, or by its driver from the URL.
_FRAMING = frozenset({"host", "content-length", "transfer-encoding", "connection"})


def checked_url(text: str, guard: Guard, *, proxied: bool) -> Url:
    """Take a URL apart.

    Through an egress proxy, which resolves names, a literal address is checked here; else addresses
    are checked when they are dialled. Raises Fault, of kind `blocked`.
    """
    try:
        url = parse_url(text)
    except InvalidListener as exc:
        raise Fault("blocked", f"the URL {exc.reason}") from exc
    if proxied and url.literal and not guard.allows(url.host):
        raise Fault("blocked", NOT_PUBLIC)
    return url


def check_headers(request: Request) -> None:
    """Check that no header can break the request apart. Raises Fault, of kind `error`."""
    headers = request.headers
    # All values at once: what holds for the text of them holds for each.
    if not is_header_value("".join(headers.values())) or not _may_all_be_sent(tuple(headers)):
        raise Fault("error", f"the request has a header that cannot be sent: {_offender(headers)}")


@lru_cache(maxsize=4096)
def _may_all_be_sent(names: tuple[str, ...]) -> bool:
    return all(map(_may_be_sent, names))


def _may_be_sent(name: str) -> bool:
    return name.lower() not in _FRAMING and is_header_name(name)


def _offender(headers: Mapping[str, str]) -> str:
    return next(
        repr(name[:64])
        for name, value in headers.items()
        if not (_may_be_sent(name) and is_header_value(value))
    )
