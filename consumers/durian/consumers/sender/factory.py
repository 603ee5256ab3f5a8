"""Making connection pools: direct ones with checked addresses, or through an egress proxy."""

from __future__ import annotations

import ssl
from functools import lru_cache
from typing import Any

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import ProxyConfig
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.util import Url as ProxyUrl

from durian.consumers.sender.addresses import Guard
from durian.consumers.sender.connection import Dialer, PlainPool, TlsPool, WatchedTlsSocket
from durian.consumers.sender.lookup import Lookup
from durian.consumers.sender.pools import PoolKey
from durian.consumers.sender.port import TlsOptions
from durian.consumers.sender.proxy import Proxy
from durian.consumers.sender.tls import check_ca_file, tls_context

#: TLS contexts kept; making one reads all authorities, which takes milliseconds.
_KEPT_CONTEXTS = 256


class PoolFactory:
    """Makes the pool of a key.

    Args:
        lookup: Resolves names.
        guard: Decides which addresses are dialled.
        proxy_url: An egress proxy (`http://[user:password@]host:port`) for every request. Then
            names are resolved by it, and it decides which addresses may be called.
        ca_file: PEM file of the authorities that count; the public ones when it is None.

    Raises:
        InvalidSettings: the proxy's URL or the file cannot be used.
    """

    def __init__(
        self, lookup: Lookup, guard: Guard, proxy_url: str | None, ca_file: str | None
    ) -> None:
        self._proxy = Proxy.of(proxy_url) if proxy_url else None
        self._dial = Dialer(lookup, None if self._proxy else guard).dial
        self._ca_file = ca_file or DEFAULT_CA_BUNDLE_PATH
        self._context = lru_cache(maxsize=_KEPT_CONTEXTS)(_watched_context)
        if ca_file:
            check_ca_file(ca_file)

    @property
    def proxied(self) -> bool:
        """Whether requests go through an egress proxy."""
        return self._proxy is not None

    def make(self, key: PoolKey) -> HTTPConnectionPool:
        """Make a pool; connections are made when they are needed.

        Raises:
            InvalidListener: the listener's TLS options cannot be used.
        """
        if key.scheme == "http":
            host, port = self._first_hop(key)
            return PlainPool(host, port, dial=self._dial, **self._options())
        return TlsPool(
            key.host,
            key.port,
            dial=self._dial,
            ssl_context=self._context(key.tls, self._ca_file),
            cert_reqs="CERT_REQUIRED",
            **self._options(),
        )

    def _first_hop(self, key: PoolKey) -> tuple[str, int]:
        if self._proxy is None:
            return key.host, key.port
        return self._proxy.host, self._proxy.port

    def _options(self) -> dict[str, Any]:
        if self._proxy is None:
            return {}
        authorization = self._proxy.authorization
        return {
            "_proxy": ProxyUrl("http", None, self._proxy.host, self._proxy.port),
            "_proxy_headers": {"proxy-authorization": authorization} if authorization else {},
            "_proxy_config": ProxyConfig(None, False, None, None),  # noqa: FBT003 - theirs
        }


def _watched_context(options: TlsOptions | None, ca_file: str) -> ssl.SSLContext:
    context = tls_context(options, ca_file)
    context.sslsocket_class = WatchedTlsSocket
    context.set_alpn_protocols(["http/1.1"])
    return context
