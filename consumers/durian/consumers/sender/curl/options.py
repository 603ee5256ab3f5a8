"""What every handle of libcurl is set to: no ways into the environment, no habits of browsers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pycurl

from durian.consumers.sender.pools import IDLE_S, PoolKey
from durian.consumers.sender.port import TlsOptions
from durian.consumers.sender.proxy import Proxy

#: Options that pycurl has no names for.
_SUPPRESS_CONNECT_HEADERS = 265
_HAPPY_EYEBALLS_TIMEOUT_MS = 271

#: Bytes read at once: a usual answer fits many times.
_BUFFER_BYTES = 16 * 1024

#: What is the same for all.
_ALWAYS: tuple[tuple[int, Any], ...] = (
    (pycurl.NOSIGNAL, 1),
    (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
    (pycurl.HTTP09_ALLOWED, 0),
    (pycurl.FOLLOWLOCATION, 0),
    (pycurl.NETRC, pycurl.NETRC_IGNORED),
    # As it is, lest trailers and the lines between chunks get past us.
    (pycurl.HTTP_TRANSFER_DECODING, 0),
    (pycurl.BUFFERSIZE, _BUFFER_BYTES),
    (pycurl.TCP_KEEPALIVE, 1),
    (pycurl.MAXAGE_CONN, int(IDLE_S)),
    (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
    # Sessions are kept beyond connections, and those are for one listener only.
    (pycurl.SSL_SESSIONID_CACHE, 0),
    (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
    (pycurl.HEADEROPT, pycurl.HEADER_SEPARATE),
    (_SUPPRESS_CONNECT_HEADERS, 1),
)

#: Headers that libcurl adds by itself, and that we do not send: written so, it leaves them out.
_LEFT_OUT = ("accept", "content-type", "expect")

_IDENTITY = "Accept-Encoding: identity"


@dataclass(frozen=True, slots=True)
class Hop:
    """The first host that is connected to: the receiver's, or the egress proxy."""

    host: str
    port: int

    def forget(self) -> str:
        """What lets libcurl forget the addresses it was told."""
        return f"-{self._name}"

    def pinned(self, addresses: Sequence[str]) -> str:
        """What tells libcurl the addresses, to be used once."""
        return f"+{self._name}:{','.join(addresses)}"

    @property
    def _name(self) -> str:
        return f"{self.host}:{self.port}"


class Options:
    """Makes handles.

    Args:
        proxy: The egress proxy of every request.
        ca_file: PEM file of the authorities that count unless a listener names others.
    """

    def __init__(self, proxy: Proxy | None, ca_file: str) -> None:
        self._proxy = proxy
        self._ca_file = ca_file

    def hop(self, key: PoolKey) -> Hop:
        """Where connections of a key go first."""
        first: PoolKey | Proxy = self._proxy or key
        return Hop(first.host, first.port)

    def handle(self, key: PoolKey, share: pycurl.CurlShare) -> pycurl.Curl:
        """Make a handle for requests of a key, with what it shares with others of that key."""
        handle = pycurl.Curl()
        for option, value in _ALWAYS:
            handle.setopt(option, value)
        host = f"[{key.host}]" if ":" in key.host else key.host
        handle.setopt(pycurl.URL, f"{key.scheme}://{host}:{key.port}/")
        handle.setopt(pycurl.SHARE, share)
        # Else pycurl sends its own, with the versions of a dozen libraries.
        handle.setopt(pycurl.USERAGENT, "")
        self._set_proxy(handle)
        if key.scheme == "https":
            # Rather wait for a connection that may carry all than make one for each.
            handle.setopt(pycurl.PIPEWAIT, 1)
            self._set_tls(handle, key.tls)
        return handle

    def _set_proxy(self, handle: pycurl.Curl) -> None:
        if self._proxy is None:
            handle.setopt(pycurl.PROXY, "")  # which is: not that of the environment either
            return
        handle.setopt(pycurl.PROXY, f"http://{self._proxy.host}:{self._proxy.port}")
        handle.setopt(pycurl.NOPROXY, "")
        headers = ["Proxy-Connection:"]
        if self._proxy.authorization:
            headers.append(f"Proxy-Authorization: {self._proxy.authorization}")
        handle.setopt(pycurl.PROXYHEADER, headers)

    def _set_tls(self, handle: pycurl.Curl, tls: TlsOptions | None) -> None:
        # Whatever libcurl was built with would count beside what we name.
        handle.unsetopt(pycurl.CAPATH)
        if tls is not None and tls.ca_pem is not None:
            handle.setopt(pycurl.CAINFO_BLOB, tls.ca_pem.encode())
        else:
            handle.setopt(pycurl.CAINFO, self._ca_file)
        if tls is not None and tls.cert_pem is not None:
            handle.setopt(pycurl.SSLCERT_BLOB, tls.cert_pem.encode())
            handle.setopt(pycurl.SSLKEY_BLOB, (tls.key_pem or "").encode())


def header_lines(headers: Mapping[str, str]) -> list[str]:
    """Write headers as libcurl takes them."""
    if all(map(str.strip, headers.values())):
        lines = list(map(": ".join, headers.items()))
    else:
        # An empty value is written with a semicolon: with a colon it would leave the header out.
        lines = [
            f"{name}: {value}" if value.strip() else f"{name};" for name, value in headers.items()
        ]
    lines.append(_IDENTITY)
    return lines + _left_out(tuple(headers))


@lru_cache(maxsize=4096)
def _left_out(names: tuple[str, ...]) -> list[str]:
    """Lines that keep libcurl from adding headers of its own to those of these names."""
    given = {name.lower() for name in names}
    return [f"{name}:" for name in _LEFT_OUT if name not in given]


def set_turns(handle: pycurl.Curl, connect_left_s: float) -> None:
    """Set after how long the next address is tried as well: four are to have their chance."""
    handle.setopt(_HAPPY_EYEBALLS_TIMEOUT_MS, max(1, int(connect_left_s * 1000) // 5))


def set_limits(handle: pycurl.Curl, left_s: float, connect_left_s: float) -> None:
    """Set how long a transfer may take from now, and its connecting."""
    # Rounded up: what is late is so by our clock too.
    handle.setopt(pycurl.TIMEOUT_MS, int(left_s * 1000) + 2)
    handle.setopt(pycurl.CONNECTTIMEOUT_MS, int(connect_left_s * 1000) + 2)
