"""Signing through a rotation."""

from __future__ import annotations

import pytest

from durian.consumers.keys import SigningKeys
from durian.errors import InvalidInput
from durian.registry import ListenerSecret
from durian.signature import Signer

NEW = "whsec_" + "bmV3" * 8
OLD = "whsec_" + "b2xk" * 8


def secret(value: str, expires_at: float | None = None) -> ListenerSecret:
    return ListenerSecret(value=value, created_at=0, expires_at=expires_at)


def signed(keys: SigningKeys, now: float) -> str:
    return keys.signer(now).sign("msg_1", 1, b"{}")


def test_both_secrets_sign_until_the_overlap_ends() -> None:
    keys = SigningKeys([secret(NEW), secret(OLD, expires_at=100)])
    assert signed(keys, 99) == Signer([NEW, OLD]).sign("msg_1", 1, b"{}")
    assert signed(keys, 100) == Signer([NEW]).sign("msg_1", 1, b"{}")
    assert signed(keys, 10_000) == Signer([NEW]).sign("msg_1", 1, b"{}")


def test_the_last_secret_goes_on_signing() -> None:
    keys = SigningKeys([secret(OLD, expires_at=100)])
    assert signed(keys, 200) == Signer([OLD]).sign("msg_1", 1, b"{}")


def test_no_secret_is_refused() -> None:
    with pytest.raises(InvalidInput):
        SigningKeys([])
