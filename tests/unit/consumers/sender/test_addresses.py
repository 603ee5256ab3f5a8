"""The table of addresses: both ends of every denied network, and their public neighbours."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durian.consumers.sender.addresses import (
    DENIED_IPV4,
    DENIED_IPV6,
    PUBLIC_IPV6,
    Guard,
    is_public,
)

GUARD = Guard()


@pytest.mark.parametrize("network", [*DENIED_IPV4, *DENIED_IPV6], ids=str)
def test_both_ends_of_a_denied_network_are_denied(network: IPv4Network) -> None:
    assert not GUARD.allows(str(network[0]))
    assert not GUARD.allows(str(network[-1]))


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254"),
        *("168.63.129.16", "169.254.169.254", "169.254.170.2", "169.254.170.23", "172.31.255.255"),
        *("192.0.0.192", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.19.255.255"),
        *("198.51.100.1", "203.0.113.10", "224.0.0.1", "239.255.255.255", "240.0.0.1"),
        *("192.31.196.1", "192.52.193.1", "192.175.48.6", "255.255.255.255"),
    ],
)
def test_special_ipv4_addresses_are_denied_in_every_form_ipv6_has_for_them(address: str) -> None:
    number = int(IPv4Address(address))
    high, low = number >> 16, number & 0xFFFF
    assert not GUARD.allows(address)
    for form in (
        f"::ffff:{address}",  # mapped
        f"::{high:x}:{low:x}",  # compatible
        f"::ffff:0:{high:x}:{low:x}",  # translated
        f"64:ff9b::{high:x}:{low:x}",  # NAT64
        f"64:ff9b:1::{high:x}:{low:x}",  # NAT64, local
        f"2002:{high:x}:{low:x}::1",  # 6to4
        f"2001:0:4136:e378:8000:63bf:{high ^ 0xFFFF:x}:{low ^ 0xFFFF:x}",  # Teredo
        f"fe80::5efe:{high:x}:{low:x}",  # ISATAP
        f"2606:4700::5efe:{high:x}:{low:x}",  # ISATAP within a public prefix
        *(f"2606:4700::{bits}00:5efe:{high:x}:{low:x}" for bits in (1, 2, 3)),
    ):
        assert not GUARD.allows(form), form


@pytest.mark.parametrize(
    "address",
    [
        *("::", "::1", "::2", "::ffff:0:0", "64:ff9b::808:808", "100::1", "100:0:0:1::1"),
        *("2001::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:808:808::1"),
        *("2001:1::1", "2001:3::1", "2001:4:112::6", "2001:30::1", "2620:4f:8000::6"),
        *("3ffe::1", "3fff::1", "3fff:fff::1", "5f00::1", "fc00::1", "fd00::1", "fdff::1"),
        *("fe80::1", "febf::1", "fec0::1", "feff::1", "ff02::1", "ff0e::1", "4000::1", "1fff::1"),
    ],
)
def test_special_ipv6_addresses_are_denied(address: str) -> None:
    assert not GUARD.allows(address)


@pytest.mark.parametrize(
    "address",
    [
        *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"),
        *("126.255.255.255", "128.0.0.0", "168.63.129.15", "168.63.129.17", "169.253.255.255"),
        *("169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0"),
        *("192.0.1.255", "192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255"),
        *("192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0"),
        *("203.0.112.255", "203.0.114.0", "223.255.255.255", "93.184.215.14", "1.0.0.0"),
        *("2606:4700:4700::1111", "2001:4860:4860::8888", "2001:200::1", "2003::1", "2a00::1"),
        *("2001:db7:ffff::1", "2001:db9::1", "2400:cb00::1", "3ffd::1", "3000::1"),
        "::ffff:8.8.8.8",
    ],
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert GUARD.allows(address)


@pytest.mark.parametrize(
    "text", ["", "example.com", "127.1", "0x7f000001", "fe80::1%eth0", "2606:4700::1%1", "8.8.8.8 "]
)
def test_what_is_no_plain_address_is_denied(text: str) -> None:
    assert not GUARD.allows(text)


def test_a_deployment_can_allow_networks() -> None:
    guard = Guard([ip_network("10.1.0.0/16"), ip_network("fd00::/8")])
    assert guard.allows("10.1.2.3")
    assert guard.allows("::ffff:10.1.2.3")
    assert guard.allows("fd12::1")
    assert not guard.allows("10.2.0.1")
    assert not guard.allows("fd12::1%eth0")
    assert not guard.allows("127.0.0.1")
    assert guard.allows("8.8.8.8")


@given(st.integers(0, 2**128 - 1))
def test_no_ipv6_outside_the_public_part_is_allowed(number: int) -> None:
    address = IPv6Address(number)
    if address not in PUBLIC_IPV6:
        assert not is_public(address)


@given(st.integers(0, 2**32 - 1))
def test_a_mapped_address_counts_as_the_one_it_maps(number: int) -> None:
    plain = ip_address(number)
    assert GUARD.allows(f"::ffff:{plain}") == GUARD.allows(str(plain))
