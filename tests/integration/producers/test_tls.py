"""Producers over TLS: to a proxy that ends it, because the tests' broker speaks plain AMQP."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from durian.errors import BrokerUnavailable
from durian.events import Event
from durian.producers import Producer, PublishPolicy
from tests.support.declared import House
from tests.support.proxy import Proxy

pytestmark = pytest.mark.rabbitmq

ONCE = PublishPolicy(attempts=1, connect_timeout_s=2.0, confirm_timeout_s=2.0)


def certificate_of(host: str, folder: Path) -> Path:
    """Write a key and a certificate that it signed itself, valid for a host's address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a broker")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "broker.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return pem


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    """The certificate of the broker, which is its own authority."""
    return certificate_of("127.0.0.1", tmp_path)


@pytest.fixture
def proxy(house: House, pem: Path) -> Iterator[Proxy]:
    """What speaks TLS for the broker."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with Proxy(house.url, tls=context) as proxy:
        yield proxy


def secure(proxy: Proxy, query: str = "") -> str:
    return proxy.url.replace("amqp://", "amqps://") + query


def test_events_arrive_over_tls(house: House, proxy: Proxy, pem: Path) -> None:
    events = [Event(type="person", data="x" * 2000) for _ in range(1500)]
    with Producer(secure(proxy, f"?cacertfile={pem}")) as producer:
        producer.emit(events[0])
        assert producer.emit_many(events[1:]) == 1499
    assert house.ids() == [event.id for event in events]
    assert proxy.connections == 1


def test_an_unknown_certificate_is_not_trusted(proxy: Proxy) -> None:
    with (
        Producer(secure(proxy), policy=ONCE) as producer,
        pytest.raises(BrokerUnavailable, match="certificate is not trusted"),
    ):
        producer.emit("person")


def test_a_certificate_of_another_host_is_not_trusted(proxy: Proxy, pem: Path) -> None:
    url = secure(proxy, f"?cacertfile={pem}&server_name_indication=broker.example")
    with (
        Producer(url, policy=ONCE) as producer,
        pytest.raises(BrokerUnavailable, match="certificate is not trusted"),
    ):
        producer.emit("person")


def test_verification_can_be_turned_off(house: House, proxy: Proxy) -> None:
    with Producer(secure(proxy, "?verify=verify_none")) as producer:
        event = producer.emit("person")
    assert house.ids() == [event.id]


def test_a_plain_port_is_an_error(house: House) -> None:
    url = house.url.replace("amqp://", "amqps://")
    with (
        Producer(url, policy=ONCE) as producer,
        pytest.raises(BrokerUnavailable, match="no TLS connection"),
    ):
        producer.emit("person")


def test_a_half_open_tls_connection_ends_in_bounded_time(proxy: Proxy, pem: Path) -> None:
    with Producer(secure(proxy, f"?cacertfile={pem}"), policy=ONCE) as producer:
        producer.emit("person")
        proxy.stall(new=True)
        with pytest.raises(BrokerUnavailable, match=r"did not confirm within 2 s"):
            producer.emit("person")
