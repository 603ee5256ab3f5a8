"""What the deployment says of its way out is what deliveries go by."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from durian.broker.memory import MemoryBroker
from durian.broker.port import Broker
from durian.console.settings import load
from durian.console.wiring import open_sender
from durian.consumers.sender import send
from durian.errors import InvalidSettings
from tests.integration.sender.conftest import request_to
from tests.support.certificates import authority, server_context
from tests.support.receivers import Inbox, Receiver
from tests.support.senders import KINDS


@pytest.fixture(autouse=True, params=KINDS)
def _chosen(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Either sender, and a folder without a settings file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DURIAN_SENDER", request.param)


@pytest.fixture
def broker() -> Iterator[Broker]:
    broker = MemoryBroker()
    broker.start()
    yield broker
    broker.stop()


def test_the_sender_is_the_one_that_was_chosen(broker: Broker) -> None:
    settings = load()
    with open_sender(settings, broker) as sender:
        assert type(sender).__name__.lower() == f"{settings.sender}sender"


def test_deliveries_go_through_the_proxy(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Inbox()
    with Receiver(proxy) as proxying:
        monkeypatch.setenv("DURIAN_PROXY_URL", f"http://me:secret@127.0.0.1:{proxying.port}")
        with open_sender(load(), broker) as sender:
            outcome = send(sender, request_to("http://listener.test/hook"))
    assert outcome.status == 200
    [received] = proxy.received
    assert received.head.startswith(b"POST http://listener.test/hook HTTP/1.1\r\n")
    assert received.header("proxy-authorization") == "Basic bWU6c2VjcmV0"


def test_the_deployments_authorities_count(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ca.pem"
    file.write_text(authority().pem)
    monkeypatch.setenv("DURIAN_CA_FILE", str(file))
    settings = load(allowed_networks=[ip_network("127.0.0.0/8")])
    context = server_context(authority().issue("127.0.0.1"), tmp_path)
    with Receiver(Inbox(), tls=context) as receiver, open_sender(settings, broker) as sender:
        request = request_to(receiver.url(), timeout_s=5, connect_timeout_s=5)
        outcome = send(sender, request)
    assert (outcome.kind, outcome.status) == ("response", 200)


def test_a_file_that_is_missing_is_named(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DURIAN_CA_FILE", "nowhere.pem")
    with (
        pytest.raises(InvalidSettings, match=r"DURIAN_CA_FILE: nowhere\.pem cannot be read"),
        open_sender(load(), broker),
    ):
        raise AssertionError("it was opened")
