"""That a URL will be blocked is said before it is called, where no lookup is needed to know it."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from durian.consumers.sender.foreseen import blocked


@pytest.mark.parametrize(
    ("url", "networks"),
    [
        ("http://127.0.0.1:9000/hook", ["127.0.0.1/32"]),
        ("http://[::1]/hook", ["::1/128"]),
        ("https://[::ffff:10.0.0.7]/hook", ["10.0.0.7/32"]),
        ("http://169.254.169.254/", ["169.254.169.254/32"]),
        ("http://localhost:9000/hook", ["127.0.0.1/32", "::1/128"]),
        ("http://shop.LOCALHOST./hook", ["127.0.0.1/32", "::1/128"]),
        ("https://93.184.215.14/hook", []),
        ("https://joe.example/hook", []),
        ("https://localhost.example/hook", []),
    ],
)
def test_it_names_the_networks_that_would_have_to_be_allowed(url: str, networks: list[str]) -> None:
    assert [str(network) for network in blocked(url)] == networks


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:9000/hook", "127.0.0.0/8"),
        ("http://localhost:9000/hook", "127.0.0.0/8"),
        ("http://[::ffff:10.0.0.7]/hook", "10.0.0.0/8"),
    ],
)
def test_what_the_deployment_allows_is_not_blocked(url: str, allowed: str) -> None:
    assert blocked(url, [ip_network(allowed)]) == []
