"""One attempt on its way through libcurl: what is sent, what comes, and what it amounts to."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pycurl

from durian.consumers.sender import strict
from durian.consumers.sender.addresses import NOT_PUBLIC
from durian.consumers.sender.answer import KEPT_BODY_BYTES, Answer
from durian.consumers.sender.curl.chunks import Chunks
from durian.consumers.sender.curl.kept import Ends, Kept
from durian.consumers.sender.curl.options import Hop, header_lines, set_limits, set_turns
from durian.consumers.sender.curl.translate import Failure, fault_of, unforeseen
from durian.consumers.sender.dialing import connect_fault, is_address
from durian.consumers.sender.fault import Fault
from durian.consumers.sender.head import Head
from durian.consumers.sender.port import Done, Request
from durian.faults import failpoint
from durian.registry.url import Url

#: What a callback of libcurl returns to end the transfer.
_STOP = 0

#: Tells whether an address may be dialled.
Allows = Callable[[str], bool]


@dataclass(slots=True, eq=False)
class Order:
    """An attempt that is to be made."""

    request: Request
    #: Whom to tell.
    done: Done
    #: When it began, on the monotonic clock.
    started: float
    #: The request's URL, checked.
    url: Url

    @property
    def end_by(self) -> float:
        """Until when it has to have an outcome, on the monotonic clock."""
        return self.started + self.request.timeout_s

    @property
    def connect_by(self) -> float:
        """Until when it has to have a connection, on the monotonic clock."""
        return self.started + min(self.request.connect_timeout_s, self.request.timeout_s)


class Transfer:
    """A handle of libcurl, and what that calls during an attempt: none of it may raise.

    Made for many attempts, one after the other.

    Args:
        handle: Set up for them as far as they are alike.
        hop: Where its connections go first.
        kept: The connections it may use.
        allows: Asked for every address that is about to be dialled; None when a proxy is.
    """

    __slots__ = (
        *("_allows", "_body", "_chunks", "_ends", "_fault", "_head", "_kept"),
        *("_must_look_up", "_not_opened", "_opened", "_target"),
        *("again", "handle", "hop", "order", "unresolved"),
    )

    #: The attempt that it makes; there is none while it rests.
    order: Order

    def __init__(self, handle: pycurl.Curl, hop: Hop, kept: Kept, allows: Allows | None) -> None:
        self.handle = handle
        self.hop = hop
        self._kept = kept
        self._allows = allows
        self._must_look_up = not is_address(hop.host)
        #: What the handle's request line names; attempts after one another mostly name the same.
        self._target = ""
        self._forget()
        handle.setopt(pycurl.HEADERFUNCTION, self._on_line)
        handle.setopt(pycurl.WRITEFUNCTION, self._on_body)
        handle.setopt(pycurl.OPENSOCKETFUNCTION, self._on_open)
        handle.setopt(pycurl.RESOLVER_START_FUNCTION, self._on_resolve)
        handle.setopt(pycurl.PREREQFUNCTION, self._on_ready)

    def begin(self, order: Order) -> None:
        """Begin to make an attempt. Raises pycurl.error."""
        self.order = order
        request, url, handle = order.request, order.url, self.handle
        through_proxy = self._allows is None and url.scheme == "http"
        target = str(url) if through_proxy else url.target
        if target != self._target:
            handle.setopt(pycurl.REQUEST_TARGET, target)
            self._target = target
        handle.setopt(pycurl.HTTPHEADER, header_lines(request.headers))
        handle.setopt(pycurl.POSTFIELDS, request.body)

    def set_up(self, addresses: Sequence[str] = ()) -> None:
        """Prepare the handle for a run of libcurl. Raises pycurl.error.

        Without addresses only a connection that is there already serves, unless the first hop is
        an address itself; else `unresolved` is set.
        """
        self._forget()
        now, order = time.monotonic(), self.order
        connect_left_s = order.connect_by - now
        if self._must_look_up:
            # What it was told for another connection holds for that one only.
            pins = [self.hop.pinned(addresses)] if addresses else []
            self.handle.setopt(pycurl.RESOLVE, [self.hop.forget(), *pins])
        if addresses:
            set_turns(self.handle, connect_left_s)
        set_limits(self.handle, order.end_by - now, connect_left_s)

    def rest(self) -> None:
        """Keep nothing of the attempt that has ended."""
        del self.order
        self._forget()
        self.handle.setopt(pycurl.POSTFIELDS, b"")

    def _forget(self) -> None:
        """Begin as if nothing had come."""
        #: True when a connection has to be made, and nobody has told libcurl an address.
        self.unresolved = False
        #: True when nothing was sent, since the connection was of no use: another one may be.
        self.again = False
        #: What broke the rules, or was not allowed.
        self._fault: Fault | None = None
        #: Why no socket could be had for an address; another one may do.
        self._not_opened: Fault | None = None
        #: Whether a connection was begun for it, and which one has carried its request.
        self._opened = False
        self._ends: Ends | None = None
        self._head: Head | None = None
        self._body = b""
        self._chunks: Chunks | None = None

    def result(self, code: int, text: str) -> Answer | Fault:
        """What has become of the attempt, when libcurl ends it with this code and these words."""
        if self._ends is not None:
            self._kept.carried(self._ends, self.handle)
        order, head = self.order, self._head
        if time.monotonic() >= order.end_by:
            return Fault("timeout", f"no complete response within {order.request.timeout_s:g} s")
        if self._fault is not None:
            return self._fault
        if code == pycurl.E_OPERATION_TIMEDOUT:
            return Fault("timeout", "no connection in time")
        if head is not None and head.complete:
            # The receiver has decided, whatever becomes of its body.
            return Answer(head.status, head.fields, self._body, code != 0)
        return self._failure(code, text)

    def _failure(self, code: int, text: str) -> Fault:
        if code == 0:
            return Fault("protocol", strict.CLOSED_WITHIN)
        if code == pycurl.E_COULDNT_CONNECT and self._not_opened is not None:
            return self._not_opened
        by_proxy = self._allows is None and self._ends is None
        errno = self.handle.getinfo(pycurl.OS_ERRNO)
        return fault_of(Failure(code, text, errno, self.order.url.host, by_proxy))

    # What libcurl calls

    def _on_resolve(self) -> int:
        """Stop before libcurl looks a name up by itself."""
        try:
            self._check_unsent()
            self.unresolved = self._must_look_up
        except Fault as fault:
            self._fault = fault
            return 1
        return int(self.unresolved)

    def _on_open(self, _purpose: int, address: Any) -> socket.socket | int:
        refused: int = pycurl.SOCKET_BAD
        try:
            host = address.addr[0]
            self._check_unsent()
            if self._allows is not None and not self._allows(host):
                self._fault = Fault("blocked", NOT_PUBLIC)
                return refused
            self._opened = True
            return open_socket(host, *address[:3])
        except OSError as exc:
            self._not_opened = connect_fault(exc)
        except Exception as exc:  # noqa: BLE001 - see above
            self._fault = unforeseen(exc)
        return refused

    def _on_ready(self, address: str, _ours: str, _port: int, our_port: int) -> int:
        """There is a connection, and the request is about to be sent on it."""
        ends = (address, our_port)
        try:
            self._check_unsent()
            if self._opened or not self._kept.is_stale(ends):
                self._ends = ends
                return int(pycurl.PREREQFUNC_OK)
            self.again = True
        except Exception as exc:  # noqa: BLE001 - see above
            self._fault = unforeseen(exc)
        return int(pycurl.PREREQFUNC_ABORT)

    def _check_unsent(self) -> None:
        """Check that libcurl does not send a request again that may have been heard."""
        if self._ends is not None and not self._kept.multiplexed:
            raise Fault("error", strict.CLOSED_BEFORE)

    def _on_line(self, line: bytes) -> int | None:
        try:
            head = self._head
            if head is None:
                failpoint("delivery.sent")
                head = self._head = Head(http2=self.order.url.scheme == "https")
            head.read(line)
        except Exception as exc:  # noqa: BLE001 - see above
            self._fault = unforeseen(exc)
            return _STOP
        return None

    def _on_body(self, data: bytes) -> int | None:
        try:
            if self._head is not None and self._head.chunked:
                self._chunks = self._chunks or Chunks()
                data = self._chunks.read(data)
            self._body += data[: KEPT_BODY_BYTES - len(self._body)]
        except Exception as exc:  # noqa: BLE001 - see above
            self._fault = unforeseen(exc)
            return _STOP
        # What is left of the body is not read, so the connection cannot be used again.
        return _STOP if len(self._body) >= KEPT_BODY_BYTES else None


class _Template(socket.socket):
    """A socket of which pycurl takes a duplicate; this one is closed when pycurl lets go of it."""

    def __del__(self) -> None:
        self.close()


def open_socket(_address: str, family: int, kind: int, protocol: int) -> socket.socket:
    """Make the socket by which libcurl dials an address. Raises OSError."""
    return _Template(family, kind, protocol)
