"""Passing webhooks on: to a program under development, as they came."""

from __future__ import annotations

from collections.abc import Iterable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from durian.client.unreached import why
from durian.console.exits import complain
from durian.errors import InvalidInput

#: Seconds that the program may take to answer: as long as a debugger is patient, but no delivery.
PATIENCE_S = 30.0

#: What is answered for a program that does not (RFC 9110: Bad Gateway).
UNREACHED = 502

#: What belongs to the connection and not to the webhook (RFC 9110, section 7.6.1).
_HOP_BY_HOP = frozenset(
    {
        *("connection", "content-length", "host", "keep-alive", "proxy-connection", "te"),
        *("trailer", "transfer-encoding", "upgrade"),
    }
)


class Forward:
    """POSTs to one URL. Safe to share by threads.

    Raises InvalidInput when it is no URL.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._parts = _checked(url)

    def __call__(self, headers: Iterable[tuple[str, str]], body: bytes) -> int:
        """Pass a webhook on; returns the status of the answer, or UNREACHED, and says why."""
        secure = self._parts.scheme == "https"
        make = HTTPSConnection if secure else HTTPConnection
        connection = make(self._parts.hostname or "", self._parts.port, timeout=PATIENCE_S)
        query = f"?{self._parts.query}" if self._parts.query else ""
        kept = {name: value for name, value in headers if name.lower() not in _HOP_BY_HOP}
        try:
            connection.request("POST", f"{self._parts.path or '/'}{query}", body, kept)
            response = connection.getresponse()
            response.read()
        except (OSError, HTTPException) as error:
            complain(f"{self._url}: {why(error)}.", "Start the program that listens there.")
            return UNREACHED
        else:
            return response.status
        finally:
            connection.close()


def _checked(url: str) -> SplitResult:
    hint = "Write it as http://localhost:3000/webhooks."
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it checks it
    except ValueError as exc:
        raise InvalidInput("--forward", f"is no URL: {exc}", hint=hint) from exc
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput("--forward", "must begin with http:// or https://", hint=hint)
    return parts
