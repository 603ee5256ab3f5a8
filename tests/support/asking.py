"""An application behind a real server for the length of a block, and requests to it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from durian.console.api.serve import Service, bind


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    #: By lower-case name.
    headers: Mapping[str, str]
    #: Parsed, if it was JSON.
    body: Any


@dataclass(frozen=True, slots=True)
class Served:
    """Where an application answers."""

    place: str

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Make one request."""
        connection = http.client.HTTPConnection(self.place, timeout=60)
        try:
            connection.request("POST", path, body=body, headers=dict(headers))
            response = connection.getresponse()
            raw = response.read()
        finally:
            connection.close()
        told = {name.lower(): value for name, value in response.getheaders()}
        is_json = "json" in told.get("content-type", "")
        return Answer(response.status, told, json.loads(raw) if is_json else raw.decode())


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an application on a free port; tell its URL."""
    service = Service(app, bind("127.0.0.1", 0))
    service.start()
    try:
        yield service.url
    finally:
        service.stop()


@contextmanager
def served(app: ASGIApp) -> Iterator[Served]:
    """The same, to be asked."""
    with serving(app) as url:
        yield Served(urlsplit(url).netloc)
