"""Senders of each kind that may call loopback, with names that resolve by a table."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from ipaddress import ip_network

import pytest

from durian.consumers.sender import Sender, TlsOptions
from durian.consumers.sender.port import Request
from tests.support.senders import KINDS, Senders

#: Seconds an attempt may take that has to succeed, however busy the machine is.
PATIENT_S = 10.0

#: Seconds an attempt may take that has to be late.
DEADLINE_S = 1.0

#: Seconds in which an attempt with a deadline has ended, on a busy machine as well.
BOUND_S = 8.0

NAMES = {"receiver.test": ["127.0.0.1"], "other.test": ["127.0.0.1"]}


def resolve(host: str) -> Sequence[str]:
    """Resolve the names of this suite."""
    if host not in NAMES:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return NAMES[host]


def request_to(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b'{"name": "Joe"}',
    listener_id: str = "listener-a",
    timeout_s: float = PATIENT_S,
    connect_timeout_s: float = PATIENT_S,
    tls: TlsOptions | None = None,
) -> Request:
    """Make a request with everything else as usual."""
    return Request(
        listener_id=listener_id,
        url=url,
        headers={"content-type": "application/json"} if headers is None else headers,
        body=body,
        timeout_s=timeout_s,
        connect_timeout_s=connect_timeout_s,
        tls=tls,
    )


@pytest.fixture(params=KINDS)
def senders(request: pytest.FixtureRequest) -> Iterator[Senders]:
    """Makes senders, of each kind by turns."""
    with ExitStack() as stack:
        yield Senders(request.param, stack)


@pytest.fixture
def sender(senders: Senders) -> Sender:
    """A sender that may call loopback."""
    return senders(
        allowed_networks=[ip_network("127.0.0.0/8"), ip_network("::1/128")], resolver=resolve
    )
