"""Who may use the HTTP face: whoever shows one of its tokens."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import Response

from durian.console.gateway.problem import Unauthorized

#: Answers a request.
Endpoint = Callable[[Request], Awaitable[Response]]


class Access:
    """Lets requests in that show one of some tokens; all of them when there are no tokens."""

    def __init__(self, tokens: Iterable[str] = ()) -> None:
        # Digests have one length, so that comparing them tells nothing of a token's.
        self._digests = [_digest(token) for token in tokens]

    def guard(self, endpoint: Endpoint) -> Endpoint:
        """Make an endpoint that answers those only whom this access lets in."""

        async def guarded(request: Request) -> Response:
            self.check(request.headers.get("authorization", ""))
            return await endpoint(request)

        return guarded

    def check(self, authorization: str) -> None:
        """Look at a request's Authorization header. Raises Unauthorized."""
        if not self._digests:
            return
        scheme, _, token = authorization.partition(" ")
        digest = _digest(token.strip())
        known = False
        for each in self._digests:
            known |= hmac.compare_digest(each, digest)
        if not known or scheme.lower() != "bearer":
            raise Unauthorized


def is_local(host: str) -> bool:
    """Tell whether only programs of this machine can reach what listens on an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
