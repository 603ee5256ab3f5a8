"""Finding out what libcurl's errors mean: the same kinds and words as the sender on requests."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass

import pycurl

from durian.consumers.sender.dialing import connect_fault, is_address
from durian.consumers.sender.fault import Fault
from durian.consumers.sender.hygiene import one_line
from durian.consumers.sender.port import Kind
from durian.consumers.sender.strict import CLOSED_BEFORE
from durian.errors import InvalidListener

_log = logging.getLogger(__name__)

#: Codes that pycurl has no names for.
_HTTP2_STREAM = 92
_TOO_LARGE = 100

#: Codes of a handshake that failed, or of a certificate that cannot be used.
_TLS = frozenset(
    {
        pycurl.E_SSL_CACERT_BADFILE,
        pycurl.E_SSL_CERTPROBLEM,
        pycurl.E_SSL_CIPHER,
        pycurl.E_SSL_CONNECT_ERROR,
        pycurl.E_SSL_CRL_BADFILE,
        pycurl.E_SSL_ENGINE_INITFAILED,
        pycurl.E_SSL_INVALIDCERTSTATUS,
        pycurl.E_SSL_ISSUER_ERROR,
    }
)

#: What other codes mean.
_MEANINGS: dict[int, tuple[Kind, str]] = {
    pycurl.E_GOT_NOTHING: ("error", CLOSED_BEFORE),
    **dict.fromkeys(
        (
            *(pycurl.E_SEND_ERROR, pycurl.E_RECV_ERROR, pycurl.E_PARTIAL_FILE),
            *(_HTTP2_STREAM, pycurl.E_SSL_SHUTDOWN_FAILED),
        ),
        ("error", "the connection broke off"),
    ),
    **dict.fromkeys(
        (
            *(pycurl.E_UNSUPPORTED_PROTOCOL, pycurl.E_FTP_WEIRD_SERVER_REPLY),
            *(pycurl.E_BAD_CONTENT_ENCODING, pycurl.E_HTTP2, _TOO_LARGE),
        ),
        ("protocol", "the response is malformed"),
    ),
}

_VERIFY_RESULT = re.compile(r"verify result: (.+) \(\d+\)")


@dataclass(frozen=True, slots=True)
class Failure:
    """What libcurl says of a transfer that failed."""

    code: int
    text: str
    #: The number of the system's error; 0 when it was none.
    errno: int
    #: Whom the certificate was to be for.
    host: str
    #: Whether an egress proxy was to make the connection, and did not.
    by_proxy: bool


def fault_of(failure: Failure) -> Fault:
    """Translate a failure before the response's head was complete, other than a deadline."""
    code = failure.code
    if code == pycurl.E_PEER_FAILED_VERIFICATION:
        return Fault("tls", one_line(f"certificate not accepted: {_reason(failure)}"))
    if code in _TLS:
        return Fault("tls", one_line(f"the handshake failed: {failure.text}"))
    if failure.by_proxy:
        return Fault("refused", "the egress proxy made no connection")
    if code == pycurl.E_COULDNT_CONNECT:
        return _not_connected(failure.errno)
    kind, words = _MEANINGS.get(code, ("error", f"libcurl's error {code}: {failure.text}"))
    return Fault(kind, one_line(words))


def unforeseen(exc: Exception) -> Fault:
    """Translate what was raised around a transfer; never raises itself."""
    if isinstance(exc, Fault):
        return exc
    if isinstance(exc, InvalidListener):
        return Fault("tls" if exc.field == "tls" else "error", one_line(exc.reason))
    _log.error("sender.failed", exc_info=exc)
    return Fault("error", one_line(f"{type(exc).__name__}: {exc}"))


def _not_connected(errno: int) -> Fault:
    if not errno:
        return Fault("refused", "no connection")
    return connect_fault(OSError(errno, os.strerror(errno)))


def _reason(failure: Failure) -> str:
    found = _VERIFY_RESULT.search(failure.text)
    if found is not None:
        return found[1]
    what = "IP address" if is_address(failure.host) else "Hostname"
    return f"{what} mismatch, certificate is not valid for '{failure.host}'."
