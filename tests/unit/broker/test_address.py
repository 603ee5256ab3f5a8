from __future__ import annotations

import pytest
from pika import PlainCredentials

from durian.broker.rabbit import RabbitBroker
from durian.broker.rabbit.address import parameters_of, place_of
from durian.errors import InvalidSettings


def test_an_url_says_where_and_who() -> None:
    (found,) = parameters_of("amqp://joe:s%40cret@example.net:5673/shop%2Fone", "durian")
    assert (found.host, found.port, found.virtual_host) == ("example.net", 5673, "shop/one")
    assert found.credentials == PlainCredentials("joe", "s@cret")
    assert found.ssl_options is None
    assert found.client_properties == {"product": "Durian", "connection_name": "durian"}


@pytest.mark.parametrize("url", ["amqp://localhost", "amqp://localhost/", "amqp://localhost/%2F"])
def test_what_an_url_leaves_out_is_rabbitmqs_default(url: str) -> None:
    (found,) = parameters_of(url, "durian")
    assert (found.host, found.port, found.virtual_host) == ("localhost", 5672, "/")
    assert found.credentials == PlainCredentials("guest", "guest")


def test_amqps_is_checked_against_the_host_and_the_systems_authorities() -> None:
    (found,) = parameters_of("amqps://example.net/", "durian")
    assert found.port == 5671
    assert found.ssl_options is not None
    assert found.ssl_options.server_hostname == "example.net"
    assert found.ssl_options.context.check_hostname


def test_several_urls_are_tried_one_after_the_other() -> None:
    found = parameters_of("amqp://a/ ; amqp://b:1/v;", "durian")
    assert place_of(found) == "a:5672 (virtual host /), b:1 (virtual host v)"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "is empty"),
        (" ; ", "is empty"),
        ("localhost:5672", "scheme"),
        ("http://localhost/", "scheme"),
        ("amqp:///vhost", "names no host"),
        ("amqp://u:secret@h:port/", "is not a URL"),
        ("amqp://u:secret@[::1/", "is not a URL"),
        ("amqp://h/?heartbeat=5", "options"),
        ("amqp://h/a/b", "%2F"),
        ("amqp://h/;redis://h/", "scheme"),
    ],
)
def test_a_wrong_url_is_told_without_its_password(url: str, reason: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        RabbitBroker(url)
    assert caught.value.field == "DURIAN_BROKER_URL"
    assert reason in str(caught.value)
    assert "secret" not in str(caught.value)
