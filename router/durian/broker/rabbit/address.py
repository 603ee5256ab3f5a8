"""Where the broker is: AMQP URLs read into pika's connection parameters."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from pika import ConnectionParameters, PlainCredentials, SSLOptions

from durian.errors import InvalidSettings

#: The setting whose mistakes are told.
_SETTING = "DURIAN_BROKER_URL"

_HINT = "Write amqp://user:password@host:5672/vhost (amqps:// for TLS); several with `;` between."

_PORTS = {"amqp": 5672, "amqps": 5671}

#: Seconds between heartbeats: two missed ones, and a connection counts as lost.
HEARTBEAT_S = 30

#: Seconds for reaching a host, and for the whole handshake behind it.
CONNECT_S = 5
HANDSHAKE_S = 10


def parameters_of(url: str, connection_name: str) -> list[ConnectionParameters]:
    """Read one URL, or several with `;` between. Raises InvalidSettings."""
    urls = [part.strip() for part in url.split(";") if part.strip()]
    if not urls:
        raise InvalidSettings(_SETTING, "is empty", hint=_HINT)
    return [_parameters(one, connection_name) for one in urls]


def place_of(parameters: Sequence[ConnectionParameters]) -> str:
    """Name hosts and virtual hosts, without the login."""
    return ", ".join(
        f"{one.host}:{one.port} (virtual host {one.virtual_host})" for one in parameters
    )


def _parameters(url: str, connection_name: str) -> ConnectionParameters:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        # Its text may hold the password, so it is not repeated.
        raise InvalidSettings(_SETTING, "is not a URL", hint=_HINT) from None
    if parts.scheme not in _PORTS:
        reason = f"has the scheme {parts.scheme!r}, not amqp or amqps"
        raise InvalidSettings(_SETTING, reason, hint=_HINT)
    if not host:
        raise InvalidSettings(_SETTING, "names no host", hint=_HINT)
    if parts.query or parts.fragment:
        raise InvalidSettings(_SETTING, "has options, and none are understood", hint=_HINT)
    if "/" in parts.path[1:]:
        reason = "has a path of several parts; a `/` in a virtual host is written %2F"
        raise InvalidSettings(_SETTING, reason, hint=_HINT)
    secure = parts.scheme == "amqps"
    return ConnectionParameters(
        host=host,
        port=port or _PORTS[parts.scheme],
        virtual_host=unquote(parts.path[1:]) or "/",
        credentials=PlainCredentials(
            unquote(parts.username or "guest"), unquote(parts.password or "guest")
        ),
        ssl_options=SSLOptions(ssl.create_default_context(), host) if secure else None,
        heartbeat=HEARTBEAT_S,
        socket_timeout=CONNECT_S,
        stack_timeout=HANDSHAKE_S,
        # However long the broker is short of memory or disk: on another connection it would be
        # too, and what is unconfirmed would be published again.
        blocked_connection_timeout=None,
        client_properties={"product": "Durian", "connection_name": connection_name},
    )
