"""A registry, a deployment on it, somebody who listens, and hooks whose events are kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from durian.hook import Deployment, ModelHook, Settings, use
from tests.support.hooks import Bind, Recording
from tests.support.people.models import Person


class Listening:
    """A listening URL that keeps what it gets."""

    def __init__(self) -> None:
        self.payloads: list[Any] = []
        self.paths: list[str] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.paths.append(self.path)
                outer.payloads.append(json.loads(body))
                self.send_response(outer.status)
                self.end_headers()
                self.wfile.write(b"thanks!")

            def log_message(self, *_: object) -> None:
                """Keep the test's output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/listening"

    def take(self) -> list[Any]:
        """What has come since the last call."""
        payloads, self.payloads = self.payloads, []
        return payloads

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def listening() -> Iterator[Listening]:
    """Somebody who listens."""
    listening = Listening()
    yield listening
    listening.close()


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """A deployment with a registry of its own, which may call this machine; no broker."""
    deployment = Deployment(
        Settings(
            registry_url=f"sqlite:///{tmp_path / 'registry.db'}",
            allowed_networks=("127.0.0.0/8",),
            secret_key_file=tmp_path / "secret.key",
        )
    )
    before = use(deployment)
    yield deployment
    use(before)
    deployment.close()


@pytest.fixture
def recording() -> Iterator[Recording]:
    """A deployment that keeps what hooks send."""
    deployment = Recording()
    before = use(deployment)
    yield deployment
    use(before)


@pytest.fixture
def bind(recording: Recording) -> Iterator[Bind]:
    """Hooks whose events are kept."""
    del recording
    bound: list[ModelHook] = []

    def make(*provides_args: Any, **options: Any) -> ModelHook:
        given = {"name": "person", "model": Person, "provides_args": provides_args or None}
        hook = ModelHook(**given | options)
        hook.bind()
        bound.append(hook)
        return hook

    yield make
    for hook in bound:
        hook.unbind()
