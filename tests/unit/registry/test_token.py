"""What an API token may be, and what it looks like."""

from __future__ import annotations

import re
from typing import Any

import pytest

from durian.errors import InvalidToken
from durian.registry.token import PREFIX, Token, id_in, new_token_id, new_token_text


def token(**fields: Any) -> Token:
    given: dict[str, Any] = {"id": "k3f9qaxy", "name": "ci", "created_at": 0.0}
    return Token(**given | {"scopes": frozenset({"read"})} | fields)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"scopes": frozenset()}, "scopes"),
        ({"name": " "}, "name"),
        ({"name": "n" * 201}, "name"),
        ({"name": "a\0"}, "name"),
        ({"owner": ""}, "owner"),
        ({"owner": "a\n"}, "owner"),
        ({"owner": "acme", "scopes": frozenset({"admin"})}, "scopes"),
        ({"rate_per_s": 0}, "rate_per_s"),
        ({"rate_per_s": 1e9}, "rate_per_s"),
    ],
    ids=str,
)
def test_what_cannot_be_a_token_is_refused_by_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidToken) as caught:
        token(**fields)
    assert caught.value.field == field


def test_scopes_bring_others_along() -> None:
    def allowed(*scopes: Any) -> set[str]:
        return set(token(scopes=frozenset(scopes)).allowed)

    assert allowed("publish") == {"publish"}
    assert allowed("manage") == {"manage", "read"}
    assert allowed("replay", "publish") == {"replay", "publish", "read"}
    assert allowed("admin") == {"publish", "read", "manage", "replay", "admin"}


def test_a_token_is_random_and_known_by_its_look() -> None:
    token_id = new_token_id()
    texts = {new_token_text(token_id) for _ in range(100)}

    assert len(texts) == 100
    for text in texts:
        assert re.fullmatch(r"durian_[a-z0-9]{8}_[A-Za-z0-9_-]{43}", text)
        assert id_in(text) == token_id
    assert id_in(PREFIX) is None
