"""Making connection pools: direct ones with checked addresses, or through an egress proxy."""

from __future__ import annotations

import ssl
from base64 import b64encode
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import ProxyConfig
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import LocationParseError
from urllib3.util import Url as ProxyUrl
from urllib3.util import parse_url as parse_proxy_url

from durian.consumers.sender.addresses import Guard
from durian.consumers.sender.connection import Dialer, PlainPool, TlsPool
from durian.consumers.sender.lookup import Lookup
from durian.consumers.sender.pools import PoolKey
from durian.consumers.sender.tls import tls_context
from durian.errors import InvalidSettings

#: The settings that these arguments come from, as error messages name them.
PROXY_SETTING = "DURIAN_PROXY_URL"
CA_SETTING = "DURIAN_CA_FILE"

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
        self._proxy = _read_proxy(proxy_url) if proxy_url else None
        self._dial = Dialer(lookup, None if self._proxy else guard).dial
        self._ca_file = ca_file or DEFAULT_CA_BUNDLE_PATH
        self._context = lru_cache(maxsize=_KEPT_CONTEXTS)(tls_context)
        if ca_file:
            _check_ca_file(ca_file)

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
        return self._proxy.host or "", self._proxy.port or 80

    def _options(self) -> dict[str, Any]:
        if self._proxy is None:
            return {}
        return {
            "_proxy": self._proxy,
            "_proxy_headers": _credentials(self._proxy),
            "_proxy_config": ProxyConfig(None, False, None, None),  # noqa: FBT003 - theirs
        }


def _read_proxy(url: str) -> ProxyUrl:
    try:
        proxy = parse_proxy_url(url)
    except LocationParseError as exc:
        raise InvalidSettings(PROXY_SETTING, "cannot be read as a URL") from exc
    if proxy.scheme != "http" or not proxy.host:
        raise InvalidSettings(PROXY_SETTING, "must look like http://host:port")
    return proxy


def _check_ca_file(path: str) -> None:
    """Fail at the start rather than in every attempt."""
    try:
        tls_context(None, path)
    except ssl.SSLError as exc:
        reason = f"{path} holds no certificate that can be read"
        raise InvalidSettings(CA_SETTING, reason, hint="Write certificates as PEM.") from exc
    except OSError as exc:
        raise InvalidSettings(CA_SETTING, f"{path} cannot be read: {exc.strerror or exc}") from exc


def _credentials(proxy: ProxyUrl) -> dict[str, str]:
    if not proxy.auth:
        return {}
    login = b64encode(unquote_to_bytes(proxy.auth)).decode()
    return {"proxy-authorization": f"Basic {login}"}
