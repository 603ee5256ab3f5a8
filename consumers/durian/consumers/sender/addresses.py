"""Which addresses may be called: a table of our own.

The standard library's `is_global` is wrong about NAT64, 6to4, site-local and multicast addresses
in Python 3.11, and knows no cloud's metadata service. Denied is everything in IANA's registries of
special-purpose addresses, and every form of IPv6 that carries an IPv4 address.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

Network = IPv4Network | IPv6Network

#: Networks of IPv4 that are not the public internet.
DENIED_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host: Linux connects to loopback
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; metadata service of Alibaba Cloud
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's WireServer, on an address that looks public
        "169.254.0.0/16",  # link-local; metadata services of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; metadata service of Oracle Cloud
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112, anycast: whichever network is the nearest answers
        "192.52.193.0/24",  # AMT relays, anycast
        "192.88.99.0/24",  # deprecated 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

#: The only part of IPv6 that is handed out for public use ...
PUBLIC_IPV6 = IPv6Network("2000::/3")

#: ... and what is not public within it.
DENIED_IPV6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID, AMT, AS112
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the 6bone, returned
        "3fff::/20",  # documentation
    )
)

#: The middle of an ISATAP interface id (RFC 5214), which is followed by any IPv4 address. Two bits
#: of it may vary: local or global, one or many.
_ISATAP = 0x00005EFE
_ISATAP_MASK = 0xFCFFFFFF


#: Why an address is not called. It is not named: that would map our network for tenants.
NOT_PUBLIC = "the address is not public"


class Guard:
    """Decides which addresses may be called in this deployment.

    Args:
        allowed: Networks that may be called although they are not public. They hold for the whole
            deployment: a tenant who could choose them could choose ours.
    """

    __slots__ = ("_allowed",)

    def __init__(self, allowed: Iterable[Network] = ()) -> None:
        self._allowed = tuple(allowed)

    def allows(self, text: str) -> bool:
        """Tell whether an address may be called; what is no plain address may not."""
        try:
            address = ip_address(text)
        except (ValueError, AddressValueError):
            return False
        if isinstance(address, IPv6Address):
            if address.scope_id is not None:
                return False
            address = address.ipv4_mapped or address
        return any(address in network for network in self._allowed) or is_public(address)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address is of the public internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in DENIED_IPV4)
    if address not in PUBLIC_IPV6 or any(address in network for network in DENIED_IPV6):
        return False
    return int(address) >> 32 & _ISATAP_MASK != _ISATAP
