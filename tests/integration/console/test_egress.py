"""What the deployment says of its way out is what deliveries go by."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from durian.console.settings import load
from durian.console.wiring import open_sender
from durian.consumers.sender import send
from durian.errors import InvalidSettings
from tests.integration.sender.conftest import request_to
from tests.support.certificates import authority, server_context
from tests.support.receivers import Inbox, Receiver


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder without a settings file."""
    monkeypatch.chdir(tmp_path)


def test_deliveries_go_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Inbox()
    with Receiver(proxy) as proxying:
        monkeypatch.setenv("DURIAN_PROXY_URL", f"http://me:secret@127.0.0.1:{proxying.port}")
        with open_sender(load()) as sender:
            outcome = send(sender, request_to("http://listener.test/hook"))
    assert outcome.status == 200
    [received] = proxy.received
    assert received.head.startswith(b"POST http://listener.test/hook HTTP/1.1\r\n")
    assert received.header("proxy-authorization") == "Basic bWU6c2VjcmV0"


def test_the_deployments_authorities_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ca.pem"
    file.write_text(authority().pem)
    monkeypatch.setenv("DURIAN_CA_FILE", str(file))
    settings = load(allowed_networks=[ip_network("127.0.0.0/8")])
    context = server_context(authority().issue("127.0.0.1"), tmp_path)
    with Receiver(Inbox(), tls=context) as receiver, open_sender(settings) as sender:
        request = request_to(receiver.url(), timeout_s=5, connect_timeout_s=5)
        outcome = send(sender, request)
    assert (outcome.kind, outcome.status) == ("response", 200)


def test_a_file_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DURIAN_CA_FILE", "nowhere.pem")
    with (
        pytest.raises(InvalidSettings, match=r"DURIAN_CA_FILE: nowhere\.pem cannot be read"),
        open_sender(load()),
    ):
        raise AssertionError("it was opened")
