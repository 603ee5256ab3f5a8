"""Secrets and keys as Standard Webhooks writes them: a prefix, then base64."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass, field
from typing import Literal

from durian.errors import InvalidInput

#: A symmetric secret, an ed25519 private key, and its public key.
Prefix = Literal["whsec_", "whsk_", "whpk_"]
_PREFIXES: tuple[Prefix, ...] = ("whsec_", "whsk_", "whpk_")

#: Bytes of a symmetric secret: the bounds are Standard Webhooks'.
SHORTEST_SECRET_BYTES = 24
LONGEST_SECRET_BYTES = 64

#: Bytes of a new secret: as many as SHA-256 gives out, so that guessing either costs the same.
_NEW_SECRET_BYTES = 32

#: Bytes of an ed25519 seed and of a public key; a private key may be written as both in a row.
_KEY_BYTES = 32

_ADVICE = "`durian secrets new` makes one, as does durian.signature.new_secret()."


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret, taken apart and checked once."""

    prefix: Prefix
    #: The key itself: of a private key the seed only.
    key: bytes = field(repr=False)


def parse_secret(text: str) -> Secret:
    """Read a secret or key.

    Raises:
        InvalidInput: its prefix, base64 or length is wrong. The text is not repeated in the error.
    """
    prefix = next((prefix for prefix in _PREFIXES if text.startswith(prefix)), None)
    if prefix is None:
        raise _invalid("it must begin with whsec_, whsk_ or whpk_")
    key = _decode(text.removeprefix(prefix))
    if prefix == "whsec_":
        return Secret(prefix, _symmetric(key))
    return Secret(prefix, _private(key) if prefix == "whsk_" else _public(key))


def new_secret() -> str:
    """Make a symmetric secret: `whsec_` and 32 random bytes."""
    return _encode("whsec_", secrets.token_bytes(_NEW_SECRET_BYTES))


def new_key_pair() -> tuple[str, str]:
    """Make an ed25519 key pair: the private key (`whsk_`) and the public one (`whpk_`)."""
    private = _encode("whsk_", secrets.token_bytes(_KEY_BYTES))
    return private, public_key(private)


def public_key(private: str) -> str:
    """Give the public key (`whpk_`) of a private one (`whsk_`), to hand to the receiver.

    Raises:
        InvalidInput: it is no private key.
    """
    secret = parse_secret(private)
    if secret.prefix != "whsk_":
        raise _invalid("only a private key (whsk_) has a public one")
    return _encode("whpk_", derive_public(secret.key))


def derive_public(seed: bytes) -> bytes:
    """Compute the public key of an ed25519 seed, 32 bytes each."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - only for v1a
        Ed25519PrivateKey,
    )

    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _symmetric(key: bytes) -> bytes:
    if not SHORTEST_SECRET_BYTES <= len(key) <= LONGEST_SECRET_BYTES:
        raise _invalid(
            f"it holds {len(key)} bytes, and must hold "
            f"{SHORTEST_SECRET_BYTES} to {LONGEST_SECRET_BYTES}"
        )
    return key


def _private(key: bytes) -> bytes:
    if len(key) not in {_KEY_BYTES, 2 * _KEY_BYTES}:
        raise _invalid(f"it holds {len(key)} bytes, and must hold 32 (a seed) or 64 (with its key)")
    seed, public = key[:_KEY_BYTES], key[_KEY_BYTES:]
    if public and public != derive_public(seed):
        raise _invalid("its public half does not belong to its private half")
    return seed


def _public(key: bytes) -> bytes:
    if len(key) != _KEY_BYTES:
        raise _invalid(f"it holds {len(key)} bytes, and must hold 32")
    return key


def _decode(text: str) -> bytes:
    padded = text + "=" * (-len(text) % 4)
    try:
        return base64.b64decode(padded.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as exc:
        raise _invalid("what follows the prefix is not base64") from exc


def _encode(prefix: Prefix, key: bytes) -> str:
    return prefix + base64.b64encode(key).decode("ascii")


def _invalid(reason: str) -> InvalidInput:
    return InvalidInput("secret", reason, hint=_ADVICE)
