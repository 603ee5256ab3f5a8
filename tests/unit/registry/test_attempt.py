"""The record of an attempt: its form on the wire, what is refused, and what an owner may see."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from durian.errors import InvalidInput
from durian.registry.attempt import Attempt, attempts_of, joined
from durian.registry.attempt_query import Cursor
from tests.support.registry import attempt


def written(**changes: Any) -> bytes:
    """A record as a message's body, some of its fields changed to anything at all."""
    return json.dumps(asdict(attempt()) | changes).encode()


@pytest.mark.parametrize(
    "record",
    [
        attempt(),
        attempt(status=None, kind="timeout", result="retry", next_at_ms=1_800_000_060_000),
        attempt(response_body="\x00 \x1b[31m \u202e \U0001f600", error="line\nbreak"),
    ],
)
def test_a_record_survives_the_wire(record: Attempt) -> None:
    assert Attempt.from_json(record.to_json()) == record


def test_a_newer_senders_fields_are_passed_over() -> None:
    assert Attempt.from_json(written(proxy="squid")) == attempt()


def test_a_missing_field_with_a_default_has_it() -> None:
    fields = asdict(attempt())
    for name in ("status", "error", "response_body", "next_at_ms"):
        del fields[name]

    assert Attempt.from_json(json.dumps(fields).encode()).error == ""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"not JSON",
        b"\xff",
        b"[" * 100_000,
        written(number="1"),
        written(number=0),
        written(number=2**31),
        written(number=1.5),
        written(at_ms=-1),
        written(at_ms=2**53),
        written(at_ms=None),
        written(latency_ms=2**63),
        written(status=1000),
        written(status=True),
        written(result="perhaps"),
        written(event_id=7),
        written(event_id="x" * 256),
        written(listener_id="x" * 256),
        written(response_body="x" * 65_537),
        written(error="\ud800"),
    ],
)
def test_what_no_registry_could_store_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="attempt: is no attempt record"):
        Attempt.from_json(body)


def test_records_share_a_message() -> None:
    records = [attempt("a"), attempt("b")]
    assert attempts_of(joined(one.to_json() for one in records)) == records


def test_a_message_may_hold_a_single_record_without_an_array() -> None:
    assert attempts_of(b" " + attempt().to_json()) == [attempt()]


@pytest.mark.parametrize("body", [b"[]", b"[{}]", b"[[]]", b"[" * 100_000, b"[null]", b""])
def test_a_message_with_something_that_is_no_record_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="attempt: is no attempt record"):
        attempts_of(body)


def test_the_refusal_names_the_field_and_does_not_repeat_it() -> None:
    with pytest.raises(InvalidInput, match="status") as caught:
        Attempt.from_json(written(status="geheim"))

    assert "geheim" not in str(caught.value)


def test_writing_never_fails() -> None:
    """A record that cannot be written would hold its delivery."""
    assert replace(attempt(), error="\ud800").to_json()


def test_an_owner_sees_nothing_of_the_operators_network() -> None:
    blocked = attempt(
        kind="blocked",
        result="dead",
        status=None,
        error="10.0.0.7 is not public",
        public_error="could not connect",
        reason="blocked address",
    )
    seen = blocked.for_owner()

    assert seen.error == "could not connect"
    assert not {"10.0.0.7", "blocked"} & set(str(asdict(seen)).replace("'", " ").split())
    assert (seen.webhook_id, seen.result, seen.at_ms) == (
        blocked.webhook_id, blocked.result, blocked.at_ms
    )  # fmt: skip


def test_a_blocked_address_looks_like_one_where_nobody_listens() -> None:
    """In words, and in how long it took to find out."""
    blocked = attempt(
        kind="blocked", error="guarded", public_error="could not connect", latency_ms=1
    )
    refused = attempt(
        kind="refused", error="refused", public_error="could not connect", latency_ms=83
    )
    late = attempt(kind="timeout", error="too late", public_error="too late", latency_ms=15_000)

    assert blocked.for_owner() == refused.for_owner()
    assert late.for_owner().latency_ms == 15_000


def test_a_cursor_survives_being_text() -> None:
    assert Cursor.parse(str(Cursor(1_800_000_000_000, 42))) == Cursor(1_800_000_000_000, 42)


@pytest.mark.parametrize(
    "text", ["", "1", "1-", "-1", "a-b", "1-2-3", f"1-{'9' * 19}", "1-²"]
)  # a digit that is none
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="after"):
        Cursor.parse(text)
