"""Signed requests, as Durian's deliveries make them."""

from __future__ import annotations

from typing import Protocol

import pytest

from durian.events import Event, http
from durian.signature import new_secret, sign

NOW = 1_800_000_000
SECRET = new_secret()

Parts = tuple[dict[str, str], bytes]


class Signed(Protocol):
    """Sign a request."""

    def __call__(
        self, parts: Parts, *, message_id: str = "msg_1", at: int = NOW, secret: str = SECRET
    ) -> Parts: ...


@pytest.fixture
def signed() -> Signed:
    def make(
        parts: Parts, *, message_id: str = "msg_1", at: int = NOW, secret: str = SECRET
    ) -> Parts:
        headers, body = parts
        return headers | {
            "webhook-id": message_id,
            "webhook-timestamp": str(at),
            "webhook-signature": sign([secret], message_id, at, body),
        }, body

    return make


@pytest.fixture
def event() -> Event:
    return Event(type="person.created", source="/people", data={"name": "Joe"})


@pytest.fixture
def request_parts(event: Event, signed: Signed) -> Parts:
    """A genuine request."""
    return signed(http.encode_binary(event))
