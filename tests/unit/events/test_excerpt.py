from __future__ import annotations

import pytest

from durian.errors import InvalidEvent
from durian.events import amqp, http
from durian.events.excerpt import excerpt, label
from tests.support.events import ce_headers, message


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a", "'a'"),
        ("Zoë\n\ud800", "'Zoë\\n\\ud800'"),
        ("x" * 64, f"'{'x' * 64}'"),
        ("x" * 65, f"'{'x' * 64}'..."),
    ],
)
def test_excerpt(value: str, shown: str) -> None:
    assert excerpt(value) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("tenant", "tenant"),
        ("Größe", "Größe"),
        ("", "extensions"),
        ("a\nb", "'a\\nb'"),
        ("x" * 65, f"'{'x' * 64}'..."),
    ],
)
def test_label(name: str, shown: str) -> None:
    assert label(name) == shown


LONG = "x" * 100_000


@pytest.mark.parametrize("headers", [ce_headers(**{LONG: "a"}), ce_headers(type=f"{LONG} b")])
def test_reasons_stay_short_whatever_was_sent(headers: dict[str, object]) -> None:
    """They become a header of the message in `durian.invalid`, and headers have to fit a frame."""
    with pytest.raises(InvalidEvent) as raised:
        amqp.decode(message(headers=headers))
    assert len(str(raised.value)) < 300


def test_long_names_in_documents_and_requests_stay_short_too() -> None:
    document = b'{"specversion":"1.0","id":"1","source":"/","type":"t","' + LONG.encode() + b'":{}}'
    for headers, body in (
        ({"content-type": "application/cloudevents+json"}, document),
        ([(f"ce-{LONG}", "a"), (f"ce-{LONG}", "b")], b""),
        ({f"ce-{LONG}": "%ff"}, b""),
    ):
        with pytest.raises(InvalidEvent) as raised:
            http.decode(headers, body)
        assert len(str(raised.value)) < 300
