from __future__ import annotations

from typing import Any

import pytest

from durian.errors import InvalidSource
from durian.registry.source import Scheme, Source, SourceSecret
from durian.signature import new_key_pair, new_secret


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", "Git Hub"),
        ("id", "-github"),
        ("id", "x" * 65),
        ("id", "a/b"),
        ("scheme", "svix"),
        ("event", ""),
        ("event", "git hub"),
        ("event", "git.#"),
        ("event", "durian.github"),
        ("event", "x" * 129),
        ("description", "\0"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(field: str, value: str) -> None:
    fields: dict[str, Any] = {"id": "github", "scheme": "github", "event": "github"}
    with pytest.raises(InvalidSource) as caught:
        Source(**fields | {field: value, "created_at": 0.0})
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("scheme", "value"),
    [
        pytest.param("standard", new_secret(), id="standard-secret"),
        pytest.param("standard", new_key_pair()[1], id="standard-public-key"),
        ("github", "0123456789abcdef"),
        ("stripe", "whsec_0123456789"),
    ],
)
def test_a_secret_is_taken_in_the_form_of_its_scheme(scheme: Scheme, value: str) -> None:
    assert SourceSecret.of(scheme, value).value == value


@pytest.mark.parametrize(
    ("scheme", "value"),
    [
        ("standard", "0123456789abcdef"),
        pytest.param("standard", new_key_pair()[0], id="standard-private-key"),
        ("github", "short"),
        ("github", "with spaces in between"),
        ("stripe", ""),
    ],
)
def test_a_secret_that_verifies_nothing_is_refused_and_not_repeated(
    scheme: Scheme, value: str
) -> None:
    with pytest.raises(InvalidSource) as caught:
        SourceSecret.of(scheme, value)
    assert not value or value not in str(caught.value)


def test_a_secret_is_made_where_the_system_takes_ours() -> None:
    first, second = SourceSecret.new("github"), SourceSecret.new("standard")
    assert first.value != second.value
    assert first.value not in repr(first)
    with pytest.raises(InvalidSource, match="Stripe"):
        SourceSecret.new("stripe")
