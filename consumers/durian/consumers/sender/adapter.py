"""requests' adapter with its ways into the environment closed.

Pool and target come with the request, and the response is not looked through for cookies.
"""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, Retry
from urllib3.connectionpool import HTTPConnectionPool


class PooledRequest(requests.PreparedRequest):
    """A POST that needs no preparing, with the pool that it goes through.

    Args:
        pool: Whose connections carry it.
        url: Its whole URL.
        target: What the request line names: path and query, or the whole URL to a proxy.
        headers: All of its headers, `Content-Length` included.
        body: Its body.
    """

    def __init__(
        self, pool: HTTPConnectionPool, url: str, target: str, headers: Any, body: bytes
    ) -> None:
        super().__init__()
        self.method = "POST"
        self.url = url
        self.headers = headers
        self.body = body
        self.pool = pool
        self.target = target


class PlainResponse(requests.Response):
    """A response of which nothing is kept but what came: no cookies, no history, no times."""

    def __init__(self, request: requests.PreparedRequest, raw: BaseHTTPResponse) -> None:
        # Without what requests makes ready for all that a session does.
        self.request = request
        self.raw = raw
        self.status_code = raw.status


class PooledAdapter(HTTPAdapter):
    """Sends `PooledRequest`s, each once."""

    def __init__(self) -> None:
        # False, not 0: errors come as they are instead of wrapped as exhausted retries.
        super().__init__(max_retries=Retry(False))  # noqa: FBT003 - as the parameter is

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *_args: Any, **_options: Any
    ) -> HTTPConnectionPool:
        """Give the request's own pool."""
        return _pooled(request).pool

    def request_url(self, request: requests.PreparedRequest, _proxies: Any) -> str:
        """Give the request's own target."""
        return _pooled(request).target

    def cert_verify(self, *_args: Any, **_options: Any) -> None:
        """Leave the pool as it is: it was made with its TLS context."""

    def add_headers(self, *_args: Any, **_options: Any) -> None:
        """Add nothing."""

    def build_response(
        self, req: requests.PreparedRequest, resp: BaseHTTPResponse
    ) -> requests.Response:
        """Give the plain response, its body unread."""
        return PlainResponse(req, resp)


def _pooled(request: requests.PreparedRequest) -> PooledRequest:
    if not isinstance(request, PooledRequest):
        raise TypeError("PooledAdapter sends PooledRequest only")
    return request
