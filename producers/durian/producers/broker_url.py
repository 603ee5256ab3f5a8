"""Broker URLs: one or several, separated by semicolons, each checked before it is used."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from durian.errors import InvalidSettings

#: Default ports by scheme: plain and TLS.
_PORTS = {"amqp": 5672, "amqps": 5671}

#: TLS parameters as RabbitMQ's URI specification names them; others belong to other clients.
_TLS_FILES = {"cacertfile": "ca_certs", "certfile": "certfile", "keyfile": "keyfile"}

_HINT = 'Write it like amqp://user:password@host:5672/vhost; separate several with ";".'


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerUrl:
    """Where a broker is and how to log in. Its text form never shows the password."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    vhost: str
    #: What py-amqp needs to know of TLS; None for a plain connection.
    tls: dict[str, Any] | None = field(default=None, hash=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port} (virtual host {self.vhost})"


def parse_broker_urls(text: str) -> tuple[BrokerUrl, ...]:
    """Read one URL, or several separated by semicolons: they are tried in turn.

    Raises InvalidSettings for DURIAN_BROKER_URL when one of them cannot be used.
    """
    return tuple(_parse(*_split(part)) for part in _parts(text))


def check_broker_urls(text: str) -> None:
    """Check how they are written, not whether they can be used here: files for TLS may be missing.

    Raises InvalidSettings as `parse_broker_urls` does.
    """
    for part in _parts(text):
        _split(part)


def _parts(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if not parts:
        raise _invalid("is empty")
    return parts


def _parse(parts: SplitResult, host: str) -> BrokerUrl:
    query = dict(parse_qsl(parts.query))
    return BrokerUrl(
        host=unquote(host),
        port=parts.port or _PORTS[parts.scheme],
        user=unquote(parts.username or "guest"),
        password=unquote("guest" if parts.password is None else parts.password),
        vhost=unquote(parts.path[1:]) or "/",
        tls=_tls(query, host) if parts.scheme == "amqps" else None,
    )


def _split(text: str) -> tuple[SplitResult, str]:
    """Take a URL apart, and tell its host."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # urllib refuses bad ports and brackets only when they are looked at
    except ValueError as exc:
        raise _invalid(str(exc)) from exc
    if parts.scheme not in _PORTS:
        raise _invalid(f"must begin with amqp:// or amqps://, not with {parts.scheme or text!r}")
    if not parts.hostname:
        raise _invalid("names no host")
    return parts, parts.hostname


def _tls(query: dict[str, str], host: str) -> dict[str, Any]:
    """Read TLS parameters. Certificates are verified unless the URL says `verify=verify_none`."""
    options: dict[str, Any] = {}
    for name, option in _TLS_FILES.items():
        if name in query:
            if not Path(query[name]).is_file():
                raise _invalid(f"{name} names no file: {query[name]}")
            options[option] = query[name]
    if query.get("verify") == "verify_none":
        return options | {"cert_reqs": ssl.CERT_NONE}
    name = query.get("server_name_indication", host)
    return options | {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": name}


def _invalid(reason: str) -> InvalidSettings:
    return InvalidSettings("DURIAN_BROKER_URL", reason, hint=_HINT)
