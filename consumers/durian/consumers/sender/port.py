"""The Sender port: one POST to a listener, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal, Protocol

#: What can become of an attempt. `response`: a complete response head arrived, whatever its
#: status. `timeout`: a deadline passed first. `refused`: no connection. `dns`: the name did not
#: resolve. `tls`: the handshake or the certificate failed. `blocked`: the URL or one of its
#: addresses may not be called, and was not. `protocol`: what arrived is not HTTP. `error`: any
#: other fault, such as a connection that broke off.
Kind = Literal["response", "timeout", "refused", "dns", "tls", "blocked", "protocol", "error"]

#: What a tenant may read where the truth would map the operator's network: the same words.
NO_CONNECTION = "could not connect"

#: The kinds of outcomes for which they stand.
UNTOLD = frozenset({"blocked", "refused"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsOptions:
    """What one listener needs of TLS beyond the public certificate authorities."""

    #: PEM of the authorities that its certificate is checked against, instead of the public ones.
    ca_pem: str | None = None
    #: PEM of the client certificate (and its chain), and of its unencrypted key.
    cert_pem: str | None = None
    key_pem: str | None = field(default=None, repr=False)


# Not frozen, which would take it five times as long to be made: there is one for every attempt.
@dataclass(slots=True, kw_only=True)
class Request:
    """One POST, complete: the sender adds `Host`, `Content-Length` and nothing of meaning."""

    #: Connections are shared by the requests of one listener, and by nobody else.
    listener_id: str
    #: As the listener has it; checked again before it is used.
    url: str
    #: Names of any case, each once.
    headers: Mapping[str, str]
    #: Sent byte for byte.
    body: bytes
    #: Seconds for everything: name lookup, connecting, TLS, request and response.
    timeout_s: float
    #: Seconds of that which lookup, connecting and TLS may take.
    connect_timeout_s: float
    tls: TlsOptions | None = None


# Not frozen, which would take it five times as long to be made: there is one for every attempt.
@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of one attempt. Nothing in it can break a log line or leak a signature."""

    kind: Kind
    #: Seconds from the call to the outcome.
    latency_s: float
    #: The response's status: present when, and only when, `kind` is `response`.
    status: int | None = None
    #: What `Retry-After` asks for, in seconds from now; as received, not clamped.
    retry_after_s: float | None = None
    #: The response's headers, as many as fit 16 KiB, in their order.
    response_headers: tuple[tuple[str, str], ...] = ()
    #: The beginning of the response's body, undecoded, at most 16 KiB.
    response_body: bytes = b""
    #: One line for the operator; empty on a response.
    error: str = ""

    @property
    def ok(self) -> bool:
        """True when the receiver took the event: a status of 2xx."""
        return self.status in range(200, 300)

    @property
    def public_error(self) -> str:
        """The line a tenant may see: no word on whether an inner address exists or is guarded."""
        return NO_CONNECTION if self.kind in UNTOLD else self.error


#: Told what became of an attempt, on whatever thread; returns at once.
Done = Callable[[Outcome], None]


class Sender(Protocol):
    """Makes attempts. Every method may be called from any thread, and returns at once."""

    @property
    def capacity(self) -> int:
        """How many attempts it makes side by side; one beyond begins when another has ended."""

    def begin(self, request: Request, done: Done) -> None:
        """Begin one attempt; `done` is told its outcome, once.

        That is at most `timeout_s` and a quarter second after it began. Never raises: every fault
        is an Outcome. Redirects are not followed.
        """

    def forget(self, listener_id: str) -> None:
        """Close a listener's idle connections: it was changed, paused or deleted."""

    def close(self) -> None:
        """Close all idle connections and stop helper threads; attempts under way may fail."""


def send(sender: Sender, request: Request) -> Outcome:
    """Make one attempt and wait for its outcome; not on the broker's loop."""
    outcome: Future[Outcome] = Future()
    sender.begin(request, outcome.set_result)
    return outcome.result()
