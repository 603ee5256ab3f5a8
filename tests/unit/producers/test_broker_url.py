from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from durian.errors import InvalidSettings
from durian.producers.broker_url import parse_broker_urls


def test_what_a_url_leaves_out_is_what_rabbitmq_comes_with() -> None:
    (url,) = parse_broker_urls("amqp://localhost")
    assert (url.host, url.port, url.vhost) == ("localhost", 5672, "/")
    assert (url.user, url.password, url.tls) == ("guest", "guest", None)


def test_every_part_is_read_and_unquoted() -> None:
    (url,) = parse_broker_urls("amqp://j%40oe:s%3Bcret@[::1]:5699/my%2Fhost")
    assert (url.host, url.port, url.vhost) == ("::1", 5699, "my/host")
    assert (url.user, url.password) == ("j@oe", "s;cret")


@pytest.mark.parametrize("path", ["", "/", "//", "/%2F"])
def test_the_default_virtual_host_has_four_spellings(path: str) -> None:
    (url,) = parse_broker_urls(f"amqp://localhost{path}")
    assert url.vhost == "/"


def test_several_urls_are_kept_in_order() -> None:
    urls = parse_broker_urls("amqp://one; amqp://two:5673 ;amqps://three;")
    assert [(url.host, url.port) for url in urls] == [("one", 5672), ("two", 5673), ("three", 5671)]


def test_the_text_of_a_url_never_shows_the_password() -> None:
    (url,) = parse_broker_urls("amqp://joe:hunter2@localhost/")
    assert "hunter2" not in f"{url} {url!r}"


def test_tls_verifies_certificate_and_name_unless_told_otherwise(tmp_path: Path) -> None:
    for name in ("ca.pem", "me.pem", "me.key"):
        (tmp_path / name).touch()
    strict, custom, loose = parse_broker_urls(
        "amqps://one;"
        f"amqps://two?cacertfile={tmp_path}/ca.pem&certfile={tmp_path}/me.pem"
        f"&keyfile={tmp_path}/me.key&server_name_indication=x;"
        "amqps://three?verify=verify_none"
    )
    assert strict.tls == {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": "one"}
    assert custom.tls == {
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": "x",
        "ca_certs": f"{tmp_path}/ca.pem",
        "certfile": f"{tmp_path}/me.pem",
        "keyfile": f"{tmp_path}/me.key",
    }
    assert loose.tls == {"cert_reqs": ssl.CERT_NONE}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (" ; ", "is empty"),
        ("localhost", "must begin with amqp://"),
        ("http://localhost", "must begin with amqp://"),
        ("redis://localhost;amqp://localhost", "must begin with amqp://"),
        ("amqp://", "names no host"),
        ("amqp:///vhost", "names no host"),
        ("amqp://localhost:http", "http"),
        ("amqp://localhost:99999", "ort"),
        ("amqp://[::1", "IPv6"),
        ("amqps://localhost?cacertfile=/nowhere.pem", "cacertfile names no file"),
    ],
)
def test_a_wrong_url_names_the_setting_and_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        parse_broker_urls(text)
    assert caught.value.field == "DURIAN_BROKER_URL"
    assert reason in caught.value.reason
    assert "amqp://user:password@host:5672/vhost" in caught.value.advice
