"""TLS is checked against the name in the URL, by the authorities that count for the listener."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from durian.consumers.sender import Sender, TlsOptions, send
from durian.consumers.sender.tls import tls_context
from durian.errors import InvalidSettings
from tests.integration.sender.conftest import BOUND_S, DEADLINE_S, PATIENT_S, request_to
from tests.support.certificates import Authority, authority, server_context
from tests.support.receivers import (
    OK,
    Connection,
    Inbox,
    Receiver,
    answering,
    dripping,
    hanging,
)
from tests.support.senders import Senders

OURS = TlsOptions(ca_pem=authority().pem)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    certificate = authority().issue("receiver.test", "127.0.0.1")
    with Receiver(Inbox(), tls=server_context(certificate, tmp_path)) as receiver:
        yield receiver


def post(
    sender: Sender, url: str, tls: TlsOptions | None = OURS, timeout_s: float = PATIENT_S
) -> tuple[str, int | None, str]:
    outcome = send(
        sender, request_to(url, tls=tls, timeout_s=timeout_s, connect_timeout_s=timeout_s)
    )
    return outcome.kind, outcome.status, outcome.error


@pytest.mark.parametrize("host", ["receiver.test", "127.0.0.1"])
def test_a_listener_can_have_its_own_authority(
    sender: Sender, receiver: Receiver, host: str
) -> None:
    assert post(sender, receiver.url(host)) == ("response", 200, "")


def test_other_authorities_do_not_count(sender: Sender, receiver: Receiver) -> None:
    kind, _, error = post(sender, receiver.url("receiver.test"), tls=None)
    assert kind == "tls"
    assert error.startswith("certificate not accepted: unable to get local issuer")
    kind, _, _ = post(sender, receiver.url("receiver.test"), tls=TlsOptions(ca_pem=Authority().pem))
    assert kind == "tls"


def test_the_deployment_can_have_its_own_authority(
    senders: Senders, receiver: Receiver, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    file.write_text(authority().pem)
    sender = senders(allowed_networks=[ip_network("127.0.0.0/8")], ca_file=str(file))
    assert post(sender, receiver.url(), tls=None) == ("response", 200, "")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "No such file"), ("", "no certificate"), ("no certificate", "no certificate")],
)
def test_a_file_of_authorities_that_cannot_be_used_is_refused_at_the_start(
    senders: Senders, tmp_path: Path, content: str | None, reason: str
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InvalidSettings, match=reason) as caught:
        senders(ca_file=str(file))
    assert caught.value.field == "DURIAN_CA_FILE"
    assert str(file) in caught.value.reason


def test_a_certificate_for_another_name_is_refused(sender: Sender, receiver: Receiver) -> None:
    kind, _, error = post(sender, receiver.url("other.test"))
    assert kind == "tls"
    assert "Hostname mismatch" in error


def test_an_expired_certificate_is_refused(sender: Sender, tmp_path: Path) -> None:
    expired = authority().issue("receiver.test", valid=-timedelta(days=1))
    with Receiver(Inbox(), tls=server_context(expired, tmp_path)) as receiver:
        kind, _, error = post(sender, receiver.url("receiver.test"))
    assert (kind, error) == ("tls", "certificate not accepted: certificate has expired")


def test_the_name_is_told_to_the_server(sender: Sender, tmp_path: Path) -> None:
    names: list[str | None] = []
    context = server_context(authority().issue("receiver.test"), tmp_path)
    context.sni_callback = lambda _sock, name, _context: names.append(name)
    with Receiver(Inbox(), tls=context) as receiver:
        post(sender, receiver.url("receiver.test"))
    assert names == ["receiver.test"]


def test_a_listener_can_show_a_certificate(sender: Sender, tmp_path: Path) -> None:
    clients = Authority("Clients")
    mine, foreign = clients.issue("durian"), Authority().issue("durian")
    context = server_context(
        authority().issue("receiver.test"), tmp_path, client_ca_pem=clients.pem
    )
    with Receiver(Inbox(), tls=context) as receiver:
        url = receiver.url("receiver.test")
        shown = TlsOptions(ca_pem=authority().pem, cert_pem=mine.cert_pem, key_pem=mine.key_pem)
        assert post(sender, url, tls=shown) == ("response", 200, "")
        # The connection that was proven stays with who proved it.
        assert post(sender, url)[0] in {"tls", "error"}
        wrong = TlsOptions(
            ca_pem=authority().pem, cert_pem=foreign.cert_pem, key_pem=foreign.key_pem
        )
        assert post(sender, url, tls=wrong)[0] in {"tls", "error"}


@pytest.mark.parametrize(
    "tls",
    [
        TlsOptions(ca_pem="no certificate"),
        TlsOptions(ca_pem=""),
        TlsOptions(cert_pem="no certificate", key_pem="no key"),
        TlsOptions(
            cert_pem=authority().issue("a").cert_pem, key_pem=authority().issue("b").key_pem
        ),
        TlsOptions(cert_pem=authority().issue("a").cert_pem),
        TlsOptions(key_pem=authority().issue("a").key_pem),
    ],
)
def test_options_that_cannot_be_used_are_a_tls_failure(
    sender: Sender, receiver: Receiver, tls: TlsOptions
) -> None:
    kind, _, error = post(sender, receiver.url(), tls=tls)
    assert kind == "tls"
    assert "pem" in error
    assert receiver.accepted == 0


def test_plain_http_on_a_tls_port_is_a_tls_failure(sender: Sender) -> None:
    with Receiver(lambda connection: connection.send(OK)) as receiver:
        kind, _, _ = post(sender, receiver.url().replace("http:", "https:"))
    assert kind == "tls"


def test_old_versions_of_tls_are_refused(sender: Sender, receiver: Receiver) -> None:
    context = tls_context(OURS, "")
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert post(sender, receiver.url())[0] == "response"


@pytest.mark.parametrize("accept", ["hang", "drip"])
def test_a_handshake_ends_at_the_deadline(sender: Sender, accept: str) -> None:
    def drip(connection: Connection) -> None:
        # The head of a TLS record that promises 16 KiB of handshake.
        connection.drip(b"\x16\x03\x03\x40\x00" + b"\x00" * 200)

    with Receiver(hanging(read=False) if accept == "hang" else drip) as receiver:
        started = time.monotonic()
        kind, _, _ = post(sender, receiver.url().replace("http:", "https:"), timeout_s=DEADLINE_S)
        took_s = time.monotonic() - started
    assert kind == "timeout"
    assert took_s < BOUND_S


def test_a_dripping_response_ends_at_the_deadline(sender: Sender, tmp_path: Path) -> None:
    context = server_context(authority().issue("receiver.test"), tmp_path)
    behaviour = dripping(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"a" * 200)
    with Receiver(behaviour, tls=context) as receiver:
        started = time.monotonic()
        kind, _, _ = post(sender, receiver.url("receiver.test"), timeout_s=DEADLINE_S)
        took_s = time.monotonic() - started
    assert kind == "timeout"
    assert took_s < BOUND_S


def test_a_head_that_was_complete_counts_without_a_tls_farewell(
    sender: Sender, tmp_path: Path
) -> None:
    context = server_context(authority().issue("receiver.test"), tmp_path)
    with Receiver(answering(b"HTTP/1.1 200 OK\r\n\r\nok"), tls=context) as receiver:
        assert post(sender, receiver.url("receiver.test")) == ("response", 200, "")


def test_a_connection_that_is_reset_in_the_handshake_fails(sender: Sender) -> None:
    def reset(connection: Connection) -> None:
        # Not before the handshake has begun: there CPython leaves a socket to be collected, and
        # warns of it (ssl.py, SSLSocket._create).
        connection.sock.recv(1)
        connection.reset()

    with Receiver(reset) as receiver:
        kind, _, _ = post(sender, receiver.url().replace("http:", "https:"))
    assert kind in {"error", "tls"}
