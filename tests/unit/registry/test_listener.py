from __future__ import annotations

import re
from typing import Any

import pytest

from durian.errors import InvalidFilter, InvalidListener
from durian.registry import Listener, Policy, new_listener_id
from durian.registry.listener import ID_PATTERN
from tests.support.certificates import authority

GOOD: dict[str, Any] = {"id": "joe", "url": "https://joe.example/hook", "event": "person"}


def test_a_listener_without_an_id_gets_a_readable_one() -> None:
    made = Listener.create(url="http://where.joe/is/listening", event="person")

    assert re.fullmatch(r"where-joe-is-listening-[a-z2-9]{6}", made.id)


@pytest.mark.parametrize(
    "url",
    [
        "http://where.joe/is/listening",
        "https://EXAMPLE.com:8443/" + "a" * 500,
        "http://[2001:db8::1]/",
        "http://--/--",
        "not a url",
        "http://[",
        "",
    ],
)
def test_every_made_id_is_valid_and_new(url: str) -> None:
    first, second = new_listener_id(url), new_listener_id(url)

    assert re.fullmatch(ID_PATTERN, first)
    assert len(first) <= 47
    assert first != second


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"url": "ftp://joe.example/"}, "url", "http"),
        ({"url": "joe.example/hook"}, "url", "http"),
        ({"url": "http:///hook"}, "url", "host"),
        ({"url": "http://joe.example:99999/"}, "url", "port"),
        ({"url": "http://joe.example/a b"}, "url", "space"),
        ({"url": 5}, "url", "must be text"),
        ({"id": "Joe"}, "id", "lower-case"),
        ({"id": "joe-"}, "id", "hyphens"),
        ({"id": "joe\n"}, "id", "hyphens"),
        ({"id": "a" * 65}, "id", "64"),
        ({"event": ""}, "event", "empty"),
        ({"event": "order.pa*"}, "event", "wildcard"),
        ({"event": "a" * 256}, "event", "255"),
        ({"event": "a\x00"}, "event", "control"),
        ({"filter": "x" * 70_000}, "filter", "65536"),
        ({"description": "a\x00b"}, "description", "NUL"),
        ({"queue_type": "stream"}, "queue_type", "'quorum' or 'classic'"),
        ({"enabled": "perhaps"}, "enabled", "true or false"),
        ({"policy": {"concurrency": 0}}, "policy.concurrency", "at least 1"),
        ({"policy": {"schedule_s": []}}, "policy.schedule_s", "at least 1"),
        ({"policy": {"schedule_s": [0, -1]}}, "policy.schedule_s.1", "at least 0"),
        ({"policy": {"retries": 3}}, "policy.retries", "known are schedule_s, jitter"),
        ({"colour": "red"}, "colour", "known are id, url, event"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_sentence(
    fields: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(InvalidListener) as caught:
        Listener.create(**GOOD | fields)

    assert caught.value.field == field
    assert reason in caught.value.reason
    assert "\n" not in str(caught.value).replace(repr("\n"), "")
    assert "pydantic" not in str(caught.value)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(InvalidListener) as caught:
        Listener.create(url="https://joe.example/")

    assert str(caught.value) == "event: is missing"


@pytest.mark.parametrize("text", ["{", "[]", '{"name": {"startwith": "J"}}', '{"a": NaN}'])
def test_a_filter_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(InvalidFilter):
        Listener.create(**GOOD, filter=text)


def test_a_replacement_is_checked_too() -> None:
    joe = Listener.create(**GOOD)

    assert joe.replace(url="https://new.example/").url == "https://new.example/"
    with pytest.raises(InvalidListener, match="url"):
        joe.replace(url="new.example")


def test_a_policy_is_changed_in_part_or_as_a_whole() -> None:
    joe = Listener.create(**GOOD, policy={"concurrency": 3, "jitter": 0.5})

    assert joe.replace(policy={"jitter": 0.0}).policy == Policy(concurrency=3, jitter=0.0)
    assert joe.replace(policy=Policy()).policy == Policy()


def test_an_ordered_listener_starts_at_once() -> None:
    with pytest.raises(InvalidListener, match="must begin with 0"):
        Listener.create(url="https://a.b/", event="#", policy={"ordered": True, "schedule_s": [5]})


@pytest.mark.parametrize("rate", [0, -1, 0.0001, 10_001, "fast"])
def test_a_rate_that_cannot_be_kept_is_refused(rate: object) -> None:
    with pytest.raises(InvalidListener, match="rate_per_s"):
        Listener.create(url="https://a.b/", event="#", policy={"rate_per_s": rate})


CERTIFICATE = authority().issue("durian")


def test_a_listener_can_have_authorities_and_a_certificate() -> None:
    policy = {"ca_pem": authority().pem, "cert_pem": CERTIFICATE.cert_pem + authority().pem}
    joe = Listener.create(**GOOD, policy=policy)
    assert joe.policy == Policy.model_validate(policy)
    assert joe.replace(policy={"ca_pem": None, "cert_pem": None}).policy == Policy()


@pytest.mark.parametrize("field", ["ca_pem", "cert_pem"])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "holds no certificate"),
        ("no certificate", "holds no certificate"),
        ("caf\xe9", "holds no certificate"),
        (authority().pem[:200], "holds no certificate"),
        (authority().pem.replace("M", "A", 3), "holds no certificate"),
        (authority().pem + CERTIFICATE.cert_pem[:200], "holds no certificate"),
        (CERTIFICATE.cert_pem + CERTIFICATE.key_pem, "holds a private key"),
        (authority().pem * 99, "at most 32768 characters"),
    ],
)
def test_what_is_no_certificate_is_refused(field: str, text: str, reason: str) -> None:
    with pytest.raises(InvalidListener, match=field) as caught:
        Listener.create(**GOOD, policy={field: text})
    assert reason in caught.value.reason


def test_certificates_need_tls() -> None:
    policy = {"ca_pem": authority().pem}
    with pytest.raises(InvalidListener, match="ca_pem needs a URL that begins with https"):
        Listener.create(**GOOD | {"url": "http://joe.example/"}, policy=policy)
    joe = Listener.create(**GOOD | {"url": "HTTPS://joe.example/"}, policy=policy)
    with pytest.raises(InvalidListener, match="https"):
        joe.replace(url="http://joe.example/")
