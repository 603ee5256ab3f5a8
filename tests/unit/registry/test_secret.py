from __future__ import annotations

import pytest

from durian.errors import InvalidListener
from durian.registry import ListenerSecret
from durian.registry.secret import SecretKind
from durian.signature import new_key_pair, new_secret


@pytest.mark.parametrize(("kind", "prefix"), [("hmac", "whsec_"), ("ed25519", "whsk_")])
def test_a_new_secret_is_of_its_kind(kind: SecretKind, prefix: str) -> None:
    made = ListenerSecret.new(now=5, kind=kind)

    assert made.value.startswith(prefix)
    assert made.kind == kind
    assert made.created_at == 5
    assert made.expires_at is None
    assert made.value != ListenerSecret.new(now=5, kind=kind).value


@pytest.mark.parametrize("value", ["", "whsec_", "whsec_c2hvcnQ=", "whsk_AAAA", "secret"])
def test_what_is_no_secret_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(InvalidListener) as caught:
        ListenerSecret(value=value, created_at=0)

    assert caught.value.field == "secret"
    assert value in {"", "whsec_", "secret"} or value not in str(caught.value)


def test_a_public_key_cannot_sign() -> None:
    with pytest.raises(InvalidListener, match="cannot sign"):
        ListenerSecret(value=new_key_pair()[1], created_at=0)


def test_a_secret_does_not_show_itself() -> None:
    value = new_secret()
    assert value not in repr(ListenerSecret(value=value, created_at=0))
