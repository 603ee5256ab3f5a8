"""`durian web` in front of RabbitMQ: 202 for what is confirmed, and nothing without a token."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from durian.events import Event
from durian.events import http as binding
from tests.support.cli import Running, Shell, durian, one_sentence
from tests.support.collector import VARIABLE, collecting
from tests.support.declared import House
from tests.support.rabbitmq import free_ports

pytestmark = pytest.mark.rabbitmq

#: The trace of requests that publish.
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Front:
    """A running `durian web`, and somebody with a token."""

    def __init__(self, running: Running, token: str) -> None:
        self.running = running
        self._token = token
        self._place = urlsplit(running.wait_json("events")["events"]).netloc

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, Mapping[str, str], str]:
        """Make one request, with the token."""
        connection = http.client.HTTPConnection(self._place, timeout=60)
        try:
            shown = {"Authorization": f"Bearer {self._token}", **(headers or {})}
            connection.request(method, path, body, shown)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read().decode()
        finally:
            connection.close()


def front(shell: Shell, url: str) -> Front:
    token = shell.json("tokens", "create", "test", "--scope", "publish")["token"]
    options = ("--port", "0", "--broker", url, "--log-format", "json")
    return Front(shell.start("web", *options), token)


def test_what_is_answered_with_202_is_on_the_broker(amqp_url: str, tmp_path: Path) -> None:
    house = House(amqp_url)
    house.declare()
    events = [Event(type="person", data={"number": number}) for number in range(7)]
    with collecting() as collector, ExitStack() as stack:
        web = front(Shell(tmp_path, {VARIABLE: collector.url}, stack), amqp_url)
        assert web.ask("GET", "/readyz")[0] == HTTPStatus.OK
        for parts in (
            binding.encode_binary(events[0]),
            binding.encode_structured(events[1]),
            binding.encode_batch(events[2:]),
        ):
            headers = {**parts[0], "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
            status, _, told = web.ask("POST", "/v1/events", headers, parts[1])
            assert status == HTTPStatus.ACCEPTED, told
        assert json.loads(told) == {"ids": [event.id for event in events[2:]]}
        refused = {"Authorization": "Bearer of-another-token"}
        assert web.ask("POST", "/v1/events", refused)[0] == HTTPStatus.UNAUTHORIZED
        web.running.stop()
        assert collector.holds(b"durian-web", b"durian emit", bytes.fromhex(TRACE))
    assert sorted(house.ids()) == sorted(event.id for event in events)


def test_without_a_broker_it_says_so_and_ends(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    finished = durian("web", "--port", "0", "--broker", f"amqp://127.0.0.1:{port}", home=tmp_path)
    assert finished.returncode == 3
    assert "cannot be reached" in one_sentence(finished)
