"""Custom headers can neither break a request apart nor pretend to be Durian's own."""

from __future__ import annotations

import pytest

from durian.errors import InvalidListener
from durian.registry.headers import check_headers
from durian.registry.policy import Policy


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Api-Key": "abc"},
        {"Authorization": "Bearer abc.def-ghi"},
        {"Cookie": "a=b; c=d"},
        {"X-Empty": "", "X-Tab": "a\tb", "x!#$%&'*+-.^_`|~9": "odd"},
        {"Accept": "*/*", "Accept-Language": "de"},
        {f"X-{number}": "v" for number in range(20)},
        {"X-Long": "v" * 2048},
    ],
)
def test_harmless_headers_are_accepted(headers: dict[str, str]) -> None:
    check_headers(headers)
    assert Policy(headers=headers).headers == headers


@pytest.mark.parametrize(
    "name",
    [
        *("Host", "HOST", "Content-Length", "content-type", "Content-Encoding", "TE", "Trailer"),
        *("Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Authorization", "Upgrade"),
        *("Proxy-Connection", "Expect", "Webhook-Id", "webhook-signature", "webhook-anything"),
        *("ce-id", "CE-Type", "durian-attempt", "User-Agent", "Accept-Encoding", "Via"),
        *("X-Forwarded-For", "Forwarded", "Date", "HTTP2-Settings"),
    ],
)
def test_headers_of_the_connection_and_our_own_are_refused(name: str) -> None:
    with pytest.raises(InvalidListener) as caught:
        check_headers({name: "x"})
    assert caught.value.field == "headers"
    assert name in caught.value.reason


@pytest.mark.parametrize(
    "name", ["", " ", "X Y", "X:", "X\r\nY", "X\n", "\u00e9", "X\x00", "(X)", "X" * 65, ":path"]
)
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidListener, match="cannot hold the name"):
        check_headers({name: "x"})


@pytest.mark.parametrize(
    "value", ["a\r\nHost: b", "a\nb", "a\rb", "a\x00b", "\x1b[2J", "caf\u00e9", "\x7f", "v" * 2049]
)
def test_what_is_no_value_is_refused_without_repeating_it(value: str) -> None:
    with pytest.raises(InvalidListener, match="that value of X-Key") as caught:
        check_headers({"X-Key": value})
    assert value not in str(caught.value)


def test_a_name_counts_once_whatever_its_case() -> None:
    with pytest.raises(InvalidListener, match="twice"):
        check_headers({"X-Key": "a", "x-key": "b"})


def test_their_number_is_bounded() -> None:
    with pytest.raises(InvalidListener, match="at most 20"):
        check_headers({f"X-{number}": "v" for number in range(21)})


def test_a_policy_refuses_them_by_the_same_rules() -> None:
    with pytest.raises(ValueError, match="cannot hold Host"):
        Policy(headers={"Host": "x"})
