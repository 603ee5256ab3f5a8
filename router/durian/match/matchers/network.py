"""A matcher of IP addresses by the network they are in."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any

from durian.errors import InvalidFilter
from durian.match.condition import Matcher

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def address(text: str) -> Address | None:
    """Give the address that a text is, or None. One with a zone (`fe80::1%eth0`) is none."""
    if "%" in text:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Cidr(Matcher):
    """A string with an IPv4 or IPv6 address of the network, such as `10.0.0.0/8`.

    The two kinds never mix: `::ffff:10.0.0.1` is not in `10.0.0.0/8`.
    """

    word = "cidr"
    network: str
    parsed: Network = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if type(self.network) is not str:
            raise InvalidFilter("cidr", f"takes a string, not {self.network!r}")
        try:
            parsed = ipaddress.ip_network(self.network)
        except ValueError as exc:
            hint = "Write a network such as 10.0.0.0/8 or 2001:db8::/32."
            raise InvalidFilter("cidr", str(exc), hint=hint) from exc
        object.__setattr__(self, "parsed", parsed)

    def argument(self) -> Any:
        """Give the network."""
        return self.network

    def accepts(self, value: Any, /) -> bool:
        """Tell whether the value is a string with such an address."""
        found = address(value) if type(value) is str else None
        return found is not None and found in self.parsed
