"""The REST API on the embedded broker and SQLite, asked without a network."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from http import HTTPStatus
from typing import Any, Self

import httpx2 as httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from durian.broker.blocking import declare_all
from durian.broker.memory import MemoryBroker
from durian.broker.topology import Topology
from durian.console.api.app import build
from durian.console.api.publish import through_broker
from durian.console.api.services import Services
from durian.console.backlog import BacklogWatch
from durian.console.recent import RecentEvents
from durian.console.working import Worker
from durian.registry.principal import DURIAN
from durian.registry.store import Store
from durian.registry.token import Scope, Token, new_token_id, new_token_text
from durian.registry.vault import Vault

#: What is answered to a request that cannot be used: it does not fit the OpenAPI document, or it
#: does, and cannot be used all the same.
INVALID = frozenset({400, 422})

#: Looks at a job before it is taken to hang, 50 a second.
PATIENCE = 1500

#: More than any test asks for.
RATE_PER_S = 1_000_000.0


class Asker:
    """Makes requests with one token."""

    def __init__(self, client: TestClient, text: str) -> None:
        self._client = client
        self.headers = {"Authorization": f"Bearer {text}"} if text else {}

    def __call__(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        return self._client.request(
            method, path, headers={**self.headers, **(headers or {})}, **more
        )

    def get(self, path: str, **more: Any) -> Any:
        """What a GET answers, which has to succeed."""
        return self._succeed("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        """What a POST of JSON answers, which has to succeed."""
        return self._succeed("POST", path, json=body, **more)

    def _succeed(self, method: str, path: str, **more: Any) -> Any:
        response = self(method, path, **more)
        assert response.is_success, response.text
        return response.json() if response.content else None


class Api:
    """The application with its broker and its registry; a context manager."""

    def __init__(self, url: str, **services: Any) -> None:
        self.names = Topology()
        self.broker = MemoryBroker()
        self.url = url
        self._given = services
        self._stack = ExitStack()
        self._pause = threading.Event()

    def __enter__(self) -> Self:
        self.broker.start()
        self._stack.callback(self.broker.stop)
        declare_all(self.broker, self.names.house())
        self.store = self._stack.enter_context(Store.open(self.url, Vault([b"k" * 32])))
        store = self.store.on_behalf(DURIAN)
        self.backlog = BacklogWatch(self.broker, self.names, store)
        worker = Worker(self.broker, self.names, store)
        self._stack.callback(worker.stop)
        worker.start()
        given: dict[str, Any] = {
            "broker": self.broker,
            "names": self.names,
            "store": store,
            "worker": worker,
            "backlog": self.backlog,
            "publish": through_broker(self.broker, self.names),
            "recent": RecentEvents(self.broker, self.names),
            "ready": _ready,
            "rate_per_s": RATE_PER_S,
        }
        self.app: FastAPI = build(Services(**given | self._given))
        client = TestClient(self.app, raise_server_exceptions=False)
        self.client = self._stack.enter_context(client)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def token(self, *scopes: Scope, **fields: Any) -> str:
        """The text of a new token."""
        token_id = new_token_id()
        text = new_token_text(token_id)
        given: dict[str, Any] = {"id": token_id, "name": "test", "created_at": time.time()}
        self.store.add_token(Token(**given | {"scopes": frozenset(scopes)} | fields), text)
        return text

    def job(self, ask: Asker, begun: httpx.Response) -> dict[str, Any]:
        """What became of a job that was begun by an answer."""
        assert begun.status_code == HTTPStatus.ACCEPTED, begun.text
        place = begun.headers["location"]
        assert place == f"/v1/jobs/{begun.json()['id']}"
        for _ in range(PATIENCE):
            job: dict[str, Any] = ask.get(place)
            if job["state"] != "running":
                return job
            self._pause.wait(0.02)
        pytest.fail(f"it does not end: {job}")

    def asker(self, *scopes: Scope, **fields: Any) -> Asker:
        """Somebody with a new token; without scopes, with none."""
        return Asker(self.client, self.token(*scopes, **fields) if scopes else "")


async def _ready() -> bool:
    return True
