"""What can be said of a URL before it is called, without looking anything up."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network

from durian.consumers.sender.addresses import Guard, Network
from durian.registry.url import Url, parse_url

#: What names of this machine stand for everywhere (RFC 6761, 6.3).
_LOOPBACK = ("127.0.0.1", "::1")


def blocked(text: str, allowed: Iterable[Network] = ()) -> list[Network]:
    """Return the networks without which a URL is blocked, as far as it says so by itself.

    None for a name, which only a lookup can tell of, unless it is one of this machine.

    Args:
        text: The URL.
        allowed: Networks that may be called although they are not public.

    Raises:
        InvalidListener: it is none.
    """
    guard = Guard(allowed)
    addresses = _addresses(parse_url(text))
    return [] if any(map(guard.allows, addresses)) else list(map(ip_network, addresses))


def _addresses(url: Url) -> tuple[str, ...]:
    if url.literal:
        address = ip_address(url.host)
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return (str(mapped or address),)
    is_here = url.host == "localhost" or url.host.endswith(".localhost")
    return _LOOPBACK if is_here else ()
