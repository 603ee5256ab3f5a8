"""Signing through a rotation."""

from __future__ import annotations

import pytest

from durian.consumers.keys import ListenerKeys, tls_of
from durian.consumers.sender import TlsOptions
from durian.errors import InvalidInput
from durian.registry import ListenerSecret, Policy
from durian.signature import Signer

NEW = "whsec_" + "bmV3" * 8
OLD = "whsec_" + "b2xk" * 8


def secret(value: str, expires_at: float | None = None) -> ListenerSecret:
    return ListenerSecret(value=value, created_at=0, expires_at=expires_at)


def signed(keys: ListenerKeys, now: float) -> str:
    return keys.signer(now).sign("msg_1", 1, b"{}")


def test_both_secrets_sign_until_the_overlap_ends() -> None:
    keys = ListenerKeys([secret(NEW), secret(OLD, expires_at=100)])
    assert signed(keys, 99) == Signer([NEW, OLD]).sign("msg_1", 1, b"{}")
    assert signed(keys, 100) == Signer([NEW]).sign("msg_1", 1, b"{}")
    assert signed(keys, 10_000) == Signer([NEW]).sign("msg_1", 1, b"{}")


def test_the_last_secret_goes_on_signing() -> None:
    keys = ListenerKeys([secret(OLD, expires_at=100)])
    assert signed(keys, 200) == Signer([OLD]).sign("msg_1", 1, b"{}")


def test_no_secret_is_refused() -> None:
    with pytest.raises(InvalidInput):
        ListenerKeys([])


def test_tls_is_asked_for_only_where_it_differs() -> None:
    assert tls_of(Policy(), "key") is None
    assert tls_of(Policy(ca_pem="ca"), None) == TlsOptions(ca_pem="ca")
    shown = TlsOptions(cert_pem="cert", key_pem="k3y")
    assert tls_of(Policy(cert_pem="cert"), "k3y") == shown
    assert "k3y" not in repr(shown)
