"""A client certificate and its key are stored together, or not at all."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from durian.errors import InvalidListener
from durian.registry.client_key import needs_key
from tests.support.certificates import authority

MINE, OTHER = authority().issue("durian"), authority().issue("durian")


def encrypted() -> str:
    key = load_pem_private_key(MINE.key_pem.encode(), None)
    form, lock = PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
    return key.private_bytes(Encoding.PEM, form, lock).decode()


def test_a_key_that_was_given_is_stored_with_its_certificate() -> None:
    chain = MINE.cert_pem + authority().pem
    assert needs_key(chain, None, MINE.key_pem)
    assert needs_key(chain, OTHER.cert_pem, MINE.key_pem)
    assert needs_key(chain, chain, MINE.key_pem)


def test_without_a_new_certificate_the_key_stays_or_there_is_none() -> None:
    assert not needs_key(MINE.cert_pem, MINE.cert_pem, None)
    assert not needs_key(None, MINE.cert_pem, None)
    assert not needs_key(None, None, None)


@pytest.mark.parametrize(
    ("cert_pem", "before", "key_pem", "reason"),
    [
        (MINE.cert_pem, None, None, "key_pem: is needed"),
        (MINE.cert_pem, OTHER.cert_pem, None, "key_pem: is needed"),
        (None, None, MINE.key_pem, "key_pem: is of no use"),
        (MINE.cert_pem, None, OTHER.key_pem, "key_pem: is not the key"),
        (authority().pem + MINE.cert_pem, None, MINE.key_pem, "key_pem: is not the key"),
        (MINE.cert_pem, None, "", "key_pem: holds no private key"),
        (MINE.cert_pem, None, MINE.cert_pem, "key_pem: holds no private key"),
        (MINE.cert_pem, None, "\udcff", "key_pem: holds no private key"),
        (MINE.cert_pem, None, MINE.key_pem * 99, "key_pem: has more than"),
        (MINE.cert_pem, None, encrypted(), "key_pem: is encrypted. Decrypt it"),
        ("no certificate", None, MINE.key_pem, "cert_pem: cannot be read"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    cert_pem: str | None, before: str | None, key_pem: str | None, reason: str
) -> None:
    with pytest.raises(InvalidListener, match=reason) as caught:
        needs_key(cert_pem, before, key_pem)
    secret = MINE.key_pem.splitlines()[1]
    assert secret not in str(caught.value)
