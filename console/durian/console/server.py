"""The server that commands ask: the one that is named, or the `durian up` of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from durian.client import Client
from durian.console.local_token import token_for
from durian.console.settings import Settings
from durian.events import Event


def open_client(settings: Settings) -> Client:
    """Make a client, to be closed; it shows the token that is set, or that of this machine.

    Raises InvalidSettings when the server's URL cannot be used.
    """
    token = settings.token.get_secret_value()
    if settings.server:
        host = urlsplit(settings.server).hostname or ""
        return Client(settings.server, token_for(host, token))
    return _client(settings.api_host, settings.api_port, token)


def hand_over(host: str, port: int, events: Sequence[Event], token: str = "") -> None:
    """Publish events through a `durian up`; returns once its broker has them.

    Raises BrokerUnavailable when nobody answers or the broker is away, InvalidEvent when one is
    refused, DurianError when the token is.
    """
    with _client(host, port, token) as client:
        client.publish(events)


def _client(host: str, port: int, token: str) -> Client:
    shown = f"[{host}]" if ":" in host else host
    return Client(f"http://{shown}:{port}", token_for(host, token))
