"""Signing: the value of `webhook-signature`."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

from durian.errors import InvalidInput
from durian.signature.content import is_message_id, keyed_mac, signed_head
from durian.signature.secret import Secret, parse_secret

#: Signs a head and a body, and returns the versioned signature (`v1,...`).
_Sign = Callable[[bytes, bytes], str]


class Signer:
    """Secrets made ready once, to sign many messages. Any thread may use it.

    With several secrets (a rotation) every message carries a signature by each, so that receivers
    with the old or the new one accept it.

    Raises:
        InvalidInput: no secret was given, or one of them cannot be read or cannot sign.
    """

    __slots__ = ("_signs",)

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise InvalidInput("secrets", "at least one is needed to sign")
        self._signs = tuple(_prepare(parse_secret(secret)) for secret in secrets)

    def sign(self, message_id: str, timestamp: int, body: bytes) -> str:
        """Sign a message: the value of `webhook-signature`.

        Args:
            message_id: The value of `webhook-id`.
            timestamp: The value of `webhook-timestamp`: seconds since the epoch, of this attempt.
            body: The request's body, byte for byte.

        Raises:
            InvalidInput: the id or the timestamp cannot be signed.
        """
        if not is_message_id(message_id):
            raise InvalidInput(
                "message_id",
                "it must be 1 to 255 printable ASCII characters without a full stop",
            )
        if timestamp < 0:
            raise InvalidInput("timestamp", "it lies before 1970")
        head = signed_head(message_id, str(int(timestamp)))
        return " ".join([sign(head, body) for sign in self._signs])


def sign(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """Sign one message; see `Signer`, which is faster for many."""
    return Signer(secrets).sign(message_id, timestamp, body)


def _prepare(secret: Secret) -> _Sign:
    if secret.prefix == "whsec_":
        return _hmac(secret.key)
    if secret.prefix == "whsk_":
        return _ed25519(secret.key)
    raise InvalidInput("secret", "a public key (whpk_) verifies, it cannot sign")


def _hmac(key: bytes) -> _Sign:
    mac = keyed_mac(key)

    def sign(head: bytes, body: bytes) -> str:
        return "v1," + base64.b64encode(mac(head, body)).decode("ascii")

    return sign


def _ed25519(seed: bytes) -> _Sign:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - only for v1a
        Ed25519PrivateKey,
    )

    key = Ed25519PrivateKey.from_private_bytes(seed)

    def sign(head: bytes, body: bytes) -> str:
        return "v1a," + base64.b64encode(key.sign(head + body)).decode("ascii")

    return sign
