"""The server that commands ask: the one that is named, or the `durian up` of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from durian.client import Client
from durian.console.local_token import token_for
from durian.console.settings import Settings
from durian.events import Event


def server_url(settings: Settings) -> str:
    """Return where that server answers."""
    return settings.server or _url(settings.api_host, settings.api_port)


def open_client(settings: Settings, **how: Any) -> Client:
    """Make a client, to be closed; it shows the token that is set, or that of this machine.

    Raises InvalidSettings when the server's URL cannot be used.
    """
    url, token = server_url(settings), settings.token.get_secret_value()
    return Client(url, token_for(urlsplit(url).hostname or "", token), **how)


def hand_over(host: str, port: int, events: Sequence[Event], token: str = "") -> None:
    """Publish events through a `durian up`; returns once its broker has them.

    Raises BrokerUnavailable when nobody answers or the broker is away, InvalidEvent when one is
    refused, DurianError when the token is.
    """
    with Client(_url(host, port), token_for(host, token)) as client:
        client.publish(events)


def _url(host: str, port: int) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"
