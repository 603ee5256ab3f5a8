"""What a delivery's message says of it, and what it becomes."""

from __future__ import annotations

import pytest

from durian.consumers.delivery import Delivery
from durian.events.message import Message

NOW = 1_800_000_000.25


def message(**headers: str) -> Message:
    return Message(
        body=b'{"name": "Joe"}',
        headers={"ce-id": "1", "ce-source": "/shop", "ce-type": "person"} | headers,
        content_type="application/json",
        routing_key="person",
    )


def test_a_delivery_from_the_router_is_fresh() -> None:
    delivery = Delivery.of("where-joe", message())
    assert delivery.fresh
    assert delivery.attempts == 0
    assert delivery.first_at_ms is None


def test_a_tried_delivery_counts_its_attempts_and_keeps_its_first_moment() -> None:
    once = Delivery.of("where-joe", Delivery.of("where-joe", message()).tried("status 500", NOW))
    twice = Delivery.of("where-joe", once.tried("timeout", NOW + 60))
    assert not once.fresh
    assert (once.attempts, twice.attempts) == (1, 2)
    assert once.first_at_ms == twice.first_at_ms == 1_800_000_000_250
    assert twice.message.headers["durian-last-error"] == "timeout"


def test_a_postponed_delivery_has_no_attempt_but_is_not_fresh() -> None:
    later = Delivery.of("where-joe", Delivery.of("where-joe", message()).postponed())
    assert not later.fresh
    assert later.attempts == 0


def test_only_the_event_and_our_own_words_travel_on() -> None:
    hostile = message(
        CC="x",
        BCC="durian.listener.other",
        **{"x-death": "x", "durian-attempts": "3", "ce-ext": "1"},
    )
    tried = Delivery.of("where-joe", hostile).tried("refused", NOW)
    assert set(tried.headers) == {
        "ce-id",
        "ce-source",
        "ce-type",
        "ce-ext",
        "durian-attempts",
        "durian-first-at",
        "durian-last-error",
    }
    assert tried.headers["durian-attempts"] == "4"
    assert tried.body == hostile.body


def test_a_dead_letter_says_why_and_when() -> None:
    dead = Delivery.of("where-joe", message()).given_up("10 attempts failed", "status 500", NOW)
    assert dead.headers["durian-reason"] == "10 attempts failed"
    assert dead.headers["durian-last-error"] == "status 500"
    assert dead.headers["durian-dead-at"] == "1800000000250"
    assert dead.routing_key == "where-joe"


@pytest.mark.parametrize("value", ["9" * 5000, "", "-1", "1.5", "\u0661", "x", None])
def test_a_header_that_is_no_number_counts_as_absent(value: str | None) -> None:
    delivery = Delivery.of("where-joe", message(**{"durian-attempts": value}))  # type: ignore[arg-type]  # a stranger's header
    assert delivery.attempts == 0


def test_the_webhook_id_is_the_same_at_every_attempt() -> None:
    first = Delivery.of("where-joe", message())
    second = Delivery.of("where-joe", first.tried("timeout", NOW))
    assert first.webhook_id == second.webhook_id
    assert first.webhook_id.startswith("msg_")
    assert "." not in first.webhook_id


def test_the_webhook_id_differs_by_listener_source_and_id() -> None:
    ids = {
        Delivery.of("where-joe", message()).webhook_id,
        Delivery.of("where-bo", message()).webhook_id,
        Delivery.of("where-joe", message(**{"ce-source": "/blog"})).webhook_id,
        Delivery.of("where-joe", message(**{"ce-id": "2"})).webhook_id,
    }
    assert len(ids) == 4


def test_an_error_of_any_length_stays_a_short_header() -> None:
    tried = Delivery.of("where-joe", message()).tried("x" * 10_000, NOW)
    assert len(str(tried.headers["durian-last-error"])) == 500
