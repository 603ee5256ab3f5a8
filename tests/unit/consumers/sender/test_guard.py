"""From a URL and what its name resolves to, to the addresses that are dialled.

The whole sender runs, but for the connecting itself: each row says whether anything is dialled.
Every listed address must be public, or none is.
"""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

import pytest

from durian.consumers.sender import Outcome, Request, send
from durian.consumers.sender.addresses import NOT_PUBLIC
from durian.consumers.sender.requests import RequestsSender
from tests.support.cases import extra_cases
from tests.support.senders import KINDS, Senders

PUBLIC = "93.184.215.14"

#: Names that resolve to these addresses are not called.
DENIED_ANSWERS = [
    ["127.0.0.1"],
    ["10.0.0.9"],
    ["172.18.0.3"],
    ["192.168.65.2"],
    ["169.254.169.254"],
    ["100.100.100.200"],
    ["168.63.129.16"],
    ["0.0.0.0"],
    ["224.0.0.1"],
    ["255.255.255.255"],
    ["::1"],
    ["::"],
    ["fe80::1"],
    ["fe80::1%eth0"],
    ["fec0::1"],
    ["fd00:ec2::254"],
    ["ff02::1"],
    ["::ffff:127.0.0.1"],
    ["::7f00:1"],
    ["64:ff9b::7f00:1"],
    ["2002:7f00:1::1"],
    ["2001:0:4136:e378:8000:63bf:80ff:fffe"],
    [PUBLIC, "127.0.0.1"],
    ["169.254.169.254", PUBLIC],
    [PUBLIC, "::1"],
    [PUBLIC] * 49 + ["10.0.0.1"],
    [PUBLIC, "::ffff:10.0.0.1"],
    ["64:ff9b:1::a00:1"],
    ["2606:4700::300:5efe:a00:1"],
    ["192.175.48.6"],
    ["2606:4700::1%1"],
    ["localhost"],
    ["127.1"],
    [""],
]

ALLOWED_ANSWERS = [
    [PUBLIC],
    [PUBLIC, "151.101.1.69"],
    ["2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
    [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
    [f"93.184.215.{number}" for number in range(1, 51)],
]

DENIED_URLS = [
    *("http://127.0.0.1/", "http://10.0.0.1/", "http://169.254.169.254/", "http://0.0.0.0/"),
    *("http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://[fe80::1]/"),
    *("http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/"),
    *("http://user@example.com/", "http://example.com\\@127.0.0.1/", "http://example.com:0/"),
    *("http://example.com:6379/", "file:///etc/passwd", "//example.com/", "example.com", ""),
    *("http://example.com/\r\nHost: x", "http://[::1%25lo]/", "http://hidden.onion/"),
    # Addresses that only some would call one.
    *("http://0/", "http://1/", "http://1.1.1/", "http://1.1.1.1.1/", "http://256.1.1.1/"),
    *("http://127.0.0.1./", "http://0x7f.0.0.1./", "http://example.0/", "http://example.0x/"),
    *("http://[127.0.0.1]/", "http://[::ffff:0177.0.0.1]/", "http://[v1.fe80::a]/"),
    # Addresses within addresses.
    *("http://[::ffff:7f00:1]/", "http://[::ffff:0:127.0.0.1]/", "http://[::127.0.0.1]/"),
    *("http://[64:ff9b:1::7f00:1]/", "http://[2002:a00:1::]/", "http://[2620:4f:8000::6]/"),
    "http://[2606:4700::100:5efe:7f00:1]/",
    # Where the host ends.
    *("http://[::1", "http://::1]/", "http://[::1]example.com/", "http://example.com#@127.0.0.1/"),
    *("http://example.com;@127.0.0.1/", "http://example.com,127.0.0.1/", "http://a|b.example/"),
    *("http:/example.com/", "http:example.com/", "http:///example.com/", "http:\\\\example.com/"),
    *(" http://example.com/", "http://example.com/ ", "http://exam\tple.com/", "http://a b/"),
    *("http://example.com/\x00", "http://example.com/\x7f", "http://example.com/\u2028"),
    # Ports.
    *("http://example.com:080/", "http://example.com:+80/", "http://example.com:80:80/"),
    *("http://example.com:/", "http://example.com:\u0668\u0660/", "http://example.com:65536/"),
    *("http://example.com:22/", "http://example.com:6667/", "http://8.8.8.8:27017/"),
    # Names in disguise.
    *("http://127.0.0.1\u3002/", "http://\u2488.0.0.1/", "http://\u0661\u0662\u0667.0.0.1/"),
    *("http://localho\u017ft/", "http://\u2113ocalhost/", "http://loc\u00adalhost/"),
    *("http://local\u200bhost/", "http://\uff4cocalhost/", "http://%6cocalhost/"),
    *("http://exam\u2024ple.com/", "http://ex\u0430mple\u2044.com/", "http://a\u202eb.example/"),
    # No names at all.
    *("http://a..b/", "http://.example.com/", "http://-a.example/", "http://a-.example/"),
    *("http://*.example.com/", "http://xn--a/", "http://xn--0.example/", "http://./"),
]

ALLOWED_URLS = [
    *("http://8.8.8.8/", "https://1.1.1.1:8443/", "http://[2606:4700:4700::1111]/"),
    *("https://example.com/hook?next=http://127.0.0.1/", "HTTPS://EXAMPLE.COM"),
    "https://b\u00fccher.example/",
    *("https://fa\u00df.example/", "https://\u4f8b\u3048.example/", "https://a--b.example/"),
    *("https://example.com:444/", "https://example.com:65535/", "https://[2a00::1]:8443/"),
    *(
        "https://example.com/%00%0d%0a",
        "https://example.com?@127.0.0.1/",
        "http://[::ffff:8.8.8.8]/",
    ),
]


def _own_rows() -> Iterator[dict[str, Any]]:
    for url in DENIED_URLS:
        yield {"url": url, "expected": "deny"}
    for url in ALLOWED_URLS:
        yield {"url": url, "expected": "allow", "dns": {"*": [PUBLIC]}}
    for answer in DENIED_ANSWERS:
        yield {"url": "https://name.example/", "expected": "deny", "dns": {"*": answer}}
    for answer in ALLOWED_ANSWERS:
        yield {"url": "https://name.example/", "expected": "allow", "dns": {"*": answer}}


ROWS = [*_own_rows(), *(row for row in extra_cases("ssrf.jsonl") if row["required"])]


@dataclass
class Wire:
    """Stands in for the network: resolves by a table, and notes what is dialled."""

    senders: Senders
    dns: dict[str, list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    dialled: list[str] = field(default_factory=list)
    #: What every connecting ends with.
    connect_error: OSError = field(default_factory=lambda: OSError(errno.ECONNREFUSED, "Refused"))
    #: What every lookup ends with.
    error: Exception | None = None

    def resolve(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        if self.error is not None:
            raise self.error
        answer = self.dns.get(host, self.dns.get("*"))
        if answer is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return answer

    def connect(self, address: str) -> None:
        self.dialled.append(address)
        raise self.connect_error


@pytest.fixture(params=KINDS)
def wire(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    with ExitStack() as stack:
        wire = Wire(Senders(request.param, stack))
        wire.senders.replace_connecting(monkeypatch, wire.connect)
        yield wire


def attempt(wire: Wire, url: str, **options: Any) -> Outcome:
    return send(wire.senders(resolver=wire.resolve, **options), request_to(url))


def request_to(url: str) -> Request:
    return Request(listener_id="a", url=url, headers={}, body=b"", timeout_s=5, connect_timeout_s=5)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.get("id") or row["url"][:40])
def test_only_public_addresses_are_dialled(wire: Wire, row: dict[str, Any]) -> None:
    wire.dns = row.get("dns", {})
    outcome = attempt(wire, row["url"])
    if row["expected"] == "allow":
        assert outcome.kind == "refused"
        assert wire.dialled
    else:
        assert outcome.kind in {"blocked", "dns"}
        assert not wire.dialled


def test_a_blocked_outcome_names_no_address(wire: Wire) -> None:
    wire.dns = {"inner.example": ["10.1.2.3"]}
    outcome = attempt(wire, "http://inner.example/")
    assert (outcome.kind, outcome.error) == ("blocked", NOT_PUBLIC)
    assert outcome.public_error == "could not connect"


def test_a_url_that_cannot_be_read_is_blocked_and_says_why(wire: Wire) -> None:
    outcome = attempt(wire, "http://user@example.com/")
    assert outcome.kind == "blocked"
    assert outcome.error.startswith("the URL must not hold a user name")


def test_a_name_is_looked_up_once_for_each_connection(wire: Wire) -> None:
    wire.dns = {"rebinding.example": [PUBLIC]}
    attempt(wire, "http://rebinding.example/")
    assert wire.asked == ["rebinding.example"]


def test_a_name_that_rebinds_is_dialled_only_where_it_was_checked(wire: Wire) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"], [PUBLIC]])
    sender = wire.senders(resolver=lambda _: next(answers))
    request = request_to("http://rebinding.example/")
    kinds = [send(sender, request).kind for _ in range(3)]
    assert kinds == ["refused", "blocked", "refused"]
    assert wire.dialled == [PUBLIC, PUBLIC]


def test_an_address_is_not_looked_up(wire: Wire) -> None:
    attempt(wire, "http://8.8.8.8/")
    assert (wire.asked, wire.dialled) == ([], ["8.8.8.8"])


def test_of_many_addresses_four_are_tried_both_families_by_turns(wire: Wire) -> None:
    sixes = [f"2606:4700::{number}" for number in range(1, 9)]
    fours = [f"93.184.215.{number}" for number in range(1, 9)]
    wire.dns = {"many.example": sixes + fours}
    attempt(wire, "http://many.example/")
    assert wire.dialled == [sixes[0], fours[0], sixes[1], fours[1]]


def test_networks_can_be_allowed_for_the_deployment(wire: Wire) -> None:
    wire.dns = {"inner.example": ["10.1.2.3"], "other.example": ["10.2.0.1"]}
    allowed = [ip_network("10.1.0.0/16")]
    assert attempt(wire, "http://inner.example/", allowed_networks=allowed).kind == "refused"
    assert attempt(wire, "http://other.example/", allowed_networks=allowed).kind == "blocked"
    assert wire.dialled == ["10.1.2.3"]


@pytest.mark.parametrize(
    "error",
    [
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
        socket.gaierror(socket.EAI_FAIL, "Non-recoverable failure in name resolution"),
        OSError(24, "Too many open files"),
        UnicodeError("label too long"),
    ],
)
def test_a_failed_lookup_is_a_dns_failure(wire: Wire, error: Exception) -> None:
    wire.error = error
    outcome = attempt(wire, "http://name.example/")
    assert outcome.kind == "dns"
    assert outcome.error.startswith("name lookup failed: ")


def test_a_name_without_addresses_is_a_dns_failure(wire: Wire) -> None:
    wire.dns = {"*": []}
    assert attempt(wire, "http://name.example/").kind == "dns"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ECONNREFUSED, "refused"),
        (errno.EHOSTUNREACH, "refused"),
        (errno.ENETUNREACH, "refused"),
        (errno.ETIMEDOUT, "timeout"),
        (errno.EMFILE, "error"),
        (errno.ENFILE, "error"),
    ],
)
def test_an_error_of_our_own_is_not_the_receiver_s(wire: Wire, code: int, kind: str) -> None:
    wire.dns = {"*": [PUBLIC]}
    wire.connect_error = OSError(code, "Something odd")
    assert attempt(wire, "http://name.example/").kind == kind


def test_no_thread_to_watch_the_deadline_is_an_outcome_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    sender = RequestsSender()
    assert sender.send(request_to("http://8.8.8.8/")).kind == "error"
    sender.close()
