"""Telling this machine from others."""

from __future__ import annotations

from ipaddress import ip_address


def is_local(host: str) -> bool:
    """Tell whether only programs of this machine can reach what listens on an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
