"""Which of a name's addresses are dialled: none of them, or the first few of both families."""

from __future__ import annotations

import errno
import itertools
from collections.abc import Sequence
from ipaddress import ip_address

from durian.consumers.sender.addresses import NOT_PUBLIC, Guard
from durian.consumers.sender.fault import Fault
from durian.consumers.sender.port import Kind

#: Addresses of one name that are tried; a name with fifty dead ones must not take fifty timeouts.
MOST_ADDRESSES = 4

#: Errors that say something about this process or machine, and nothing about the receiver.
_OUR_OWN_ERRORS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def is_address(host: str) -> bool:
    """Tell an address from a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def check(addresses: Sequence[str], guard: Guard | None) -> None:
    """Check all addresses of a host.

    Args:
        addresses: Of the host.
        guard: Must allow every one of them; None allows all (of an egress proxy, which the operator
            has named).

    Raises:
        Fault: of kind `blocked`.
    """
    if guard is not None and not all(map(guard.allows, addresses)):
        raise Fault("blocked", NOT_PUBLIC)


def choose(addresses: Sequence[str]) -> list[str]:
    """Choose the addresses to try: both families by turns, lest one that is down takes all."""
    first_is_v6 = ":" in addresses[0]
    first = [address for address in addresses if (":" in address) is first_is_v6]
    other = [address for address in addresses if (":" in address) is not first_is_v6]
    turns = itertools.chain.from_iterable(itertools.zip_longest(first, other))
    return [address for address in turns if address is not None][:MOST_ADDRESSES]


def connect_fault(exc: OSError) -> Fault:
    """Translate what connecting to an address ended with."""
    if isinstance(exc, TimeoutError):
        return Fault("timeout", "no connection in time")
    if isinstance(exc, ConnectionRefusedError):
        return Fault("refused", "nothing listens there")
    kind: Kind = "error" if exc.errno in _OUR_OWN_ERRORS else "refused"
    return Fault(kind, f"no connection: {(exc.strerror or type(exc).__name__).lower()}")
