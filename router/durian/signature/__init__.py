"""Standard Webhooks 1.0 signatures: secrets, signing and verifying, over raw bytes."""

from __future__ import annotations

from durian.signature.content import (
    HEADERS,
    ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
)
from durian.signature.secret import Secret, new_key_pair, new_secret, parse_secret, public_key
from durian.signature.signer import Signer, sign
from durian.signature.verifier import TOLERANCE_S, Verified, Verifier, verify

__all__ = [
    "HEADERS",
    "ID_HEADER",
    "SIGNATURE_HEADER",
    "TIMESTAMP_HEADER",
    "TOLERANCE_S",
    "Secret",
    "Signer",
    "Verified",
    "Verifier",
    "new_key_pair",
    "new_secret",
    "parse_secret",
    "public_key",
    "sign",
    "verify",
]
