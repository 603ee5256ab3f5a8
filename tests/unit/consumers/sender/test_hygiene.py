"""What a receiver sent cannot break a log line, and does not show what we sent in secret."""

from __future__ import annotations

import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durian.consumers.sender.hygiene import (
    header_text,
    one_line,
    redact_body,
    redact_texts,
    secrets_of,
)

SIGNATURE = "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4= v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVq+CH=="
HEADERS = {
    "content-type": "application/json",
    "webhook-id": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
    "webhook-timestamp": "1674087231",
    "webhook-signature": SIGNATURE,
    "ce-type": "person.created",
    "Authorization": "Bearer s3cr3t-t0k3n",
    "X-Api-Key": "0123456789abcdef",
    "X-Short": "yes",
}
SECRETS = secrets_of(HEADERS)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("", ""),
        ("a\r\nb\tc\x0bd", "a b c d"),
        ("\x1b[2Jred\x1b[31m", "[2Jred[31m"),
        ("a\x00b\x7fc\x9bd", "abcd"),
        ("a\u2028b\u2029c\u0085d", "a b c d"),
        ("left\u202eright\u2066\u200b\ufeff", "leftright"),
        ("\ud800x\ue000y", "xy"),
        ("caf\u00e9 \u4f8b", "caf\u00e9 \u4f8b"),
        ("x" * 300, "x" * 197 + "..."),
    ],
)
def test_a_text_becomes_one_printable_line(text: str, line: str) -> None:
    assert one_line(text) == line


@given(st.text(max_size=500))
def test_any_text_becomes_one_printable_line(text: str) -> None:
    line = one_line(text)
    assert len(line) <= 200
    assert line.isprintable()
    assert len(line.splitlines()) <= 1


def test_header_values_are_made_printable() -> None:
    assert header_text("text/plain; charset=utf-8") == "text/plain; charset=utf-8"
    assert header_text("a\x1b[31m\tb") == "a[31m b"


def test_whatever_is_not_plain_is_a_secret() -> None:
    assert SIGNATURE in SECRETS
    assert "K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=" in SECRETS
    assert "s3cr3t-t0k3n" in SECRETS
    assert "0123456789abcdef" in SECRETS
    assert not {"yes", "1674087231", "person.created", "application/json"} & set(SECRETS)


@pytest.mark.parametrize(
    "echo",
    [
        json.dumps(HEADERS),
        json.dumps(HEADERS).replace("/", "\\/"),
        "\n".join(f"{name}: {value}" for name, value in HEADERS.items()),
        "&".join(f"{name}={quote(value, safe='')}" for name, value in HEADERS.items()),
        "&".join(f"{name}={quote(value)}" for name, value in HEADERS.items()),
        html.escape(json.dumps(HEADERS)),
        SIGNATURE.replace(" ", "\n"),
    ],
)
def test_echoed_secrets_are_redacted(echo: str) -> None:
    kept = redact_body(echo.encode(), SECRETS, cut=False).decode()
    assert "[redacted]" in kept
    for secret in ("K5oZfzN95Z9UVu1E", "hnO3f9T8Ytu9Hwr", "s3cr3t-t0k3n", "0123456789abcdef"):
        assert secret not in kept


@pytest.mark.parametrize("length", range(8, 40))
def test_a_secret_cut_off_at_the_end_is_redacted_too(length: int) -> None:
    body = b"you sent: " + b"K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="[:length]
    assert redact_body(body, SECRETS, cut=True) == b"you sent: [redacted]"


def test_other_bodies_stay_as_they_are() -> None:
    for body in (b"", b"ok", b'{"id": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"}', bytes(range(256))):
        assert redact_body(body, SECRETS, cut=True) == body
        assert redact_body(body, SECRETS, cut=False) == body


def test_secrets_are_redacted_in_text() -> None:
    texts = ["got Bearer s3cr3t-t0k3n!", "no", "key 0123456789abcdef"]
    assert redact_texts(texts, SECRETS) == ["got [redacted]!", "no", "key [redacted]"]
    assert redact_texts([], SECRETS) == []


def test_secrets_are_found_among_very_many() -> None:
    many = (*SECRETS, *(f"credential-{number:05}" for number in range(5000)))
    texts = ["got Bearer s3cr3t-t0k3n!", "no", "credential-04321, yes"]
    assert redact_texts(texts, many) == ["got [redacted]!", "no", "[redacted], yes"]
    assert redact_body(b"got credential-04321", many, cut=False) == b"got [redacted]"
