"""Finding out what a driver's exception means: it often lies two or three exceptions deep."""

from __future__ import annotations

import http.client
import logging
import ssl
from collections.abc import Callable, Iterator
from typing import Any

from requests.exceptions import ProxyError
from urllib3.exceptions import HTTPError

from durian.consumers.sender.fault import Fault
from durian.consumers.sender.hygiene import one_line
from durian.errors import InvalidListener

_log = logging.getLogger(__name__)


def fault_of(exc: Exception) -> Fault:
    """Translate what an attempt raised; never raises itself."""
    chain = list(_chain(exc))
    # What we raised ourselves is already the translation of what lies below it.
    for link in chain:
        if isinstance(link, Fault):
            return link
        if isinstance(link, InvalidListener):
            return Fault("tls" if link.field == "tls" else "error", one_line(link.reason))
    if any(isinstance(link, ProxyError) for link in chain):
        return Fault("refused", "the egress proxy made no connection")
    # The innermost exception is the cause; those around it are their layers' names for it.
    for link in reversed(chain):
        fault = _fault(link)
        if fault is not None:
            return fault
    if not isinstance(exc, OSError | HTTPError):
        _log.error("sender.failed", exc_info=exc)
    return Fault("error", one_line(f"{type(exc).__name__}: {exc}"))


def _chain(exc: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while exc is not None and id(exc) not in seen:
        seen.add(id(exc))
        yield exc
        exc = exc.__cause__ or exc.__context__


def _fault(exc: BaseException) -> Fault | None:
    return next((meaning(exc) for kind, meaning in _MEANINGS if isinstance(exc, kind)), None)


#: What each exception means; the first that fits counts.
_MEANINGS: tuple[tuple[type[BaseException], Callable[[Any], Fault]], ...] = (
    (
        ssl.SSLCertVerificationError,
        lambda exc: Fault("tls", one_line(f"certificate not accepted: {exc.verify_message}")),
    ),
    (
        ssl.SSLError,
        lambda exc: Fault(
            "tls", one_line(f"the handshake failed: {getattr(exc, 'reason', '') or exc}")
        ),
    ),
    (TimeoutError, lambda _: Fault("timeout", "no response in time")),
    (
        http.client.HTTPException,
        lambda exc: Fault("protocol", f"the response is malformed: {type(exc).__name__}"),
    ),
    (ConnectionError, lambda _: Fault("error", "the connection broke off")),
)
