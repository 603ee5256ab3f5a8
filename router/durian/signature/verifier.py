"""Verifying: did this request come from who holds the secret, and just now?"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from durian.errors import InvalidInput, SignatureError
from durian.signature.content import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    is_message_id,
    keyed_mac,
    signed_head,
)
from durian.signature.secret import Secret, derive_public, parse_secret

#: Seconds that a timestamp may lie in the past or the future: Standard Webhooks' five minutes.
TOLERANCE_S = 300.0

#: Signatures of one message that are looked at. A rotation needs two; a sender who lists
#: thousands wants to keep us busy.
MOST_SIGNATURES = 16

#: Seconds since the epoch: digits without sign or leading zero, before the year 33658.
_TIMESTAMP = re.compile(r"0|[1-9][0-9]{0,11}")

#: Tells whether a signature of a head and a body is right.
_Check = Callable[[bytes, bytes, bytes], bool]


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verified request says of itself."""

    #: The value of `webhook-id`: the same on every attempt of one delivery.
    message_id: str
    #: The value of `webhook-timestamp`: seconds since the epoch.
    timestamp: int


class Verifier:
    """Secrets and public keys made ready once, to verify many requests. Any thread may use it.

    A message is good when one of its signatures is right by one of the secrets.

    Raises:
        InvalidInput: no secret was given, or one of them cannot be read.
    """

    __slots__ = ("_checks",)

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise InvalidInput("secrets", "at least one is needed to verify")
        self._checks = tuple(_prepare(parse_secret(secret)) for secret in secrets)

    def verify(
        self,
        headers: Mapping[str, str],
        body: bytes,
        now: float,
        tolerance_s: float = TOLERANCE_S,
    ) -> Verified:
        """Verify a request.

        Args:
            headers: Its headers; the case of their names does not matter.
            body: Its body as received, byte for byte.
            now: The time, in seconds since the epoch.
            tolerance_s: Seconds that its timestamp may differ from now, each way.

        Raises:
            SignatureError: it does not verify; the message says why.
        """
        message_id, timestamp, listed = _read(headers)
        age_s = now - int(timestamp)
        if age_s > tolerance_s:
            raise SignatureError(f"{TIMESTAMP_HEADER} lies {age_s:.0f} s in the past.")
        if -age_s > tolerance_s:
            raise SignatureError(f"{TIMESTAMP_HEADER} lies {-age_s:.0f} s in the future.")
        if not self._any_right(listed, signed_head(message_id, timestamp), body):
            raise SignatureError(f"No signature in {SIGNATURE_HEADER} is right by our secrets.")
        return Verified(message_id, int(timestamp))

    def _any_right(self, listed: Sequence[str], head: bytes, body: bytes) -> bool:
        right = False
        for entry in listed:
            version, _, encoded = entry.partition(",")
            signature = _decode(encoded)
            for known, check in self._checks:
                # No early end: which of several secrets was right does not show in the time.
                right |= known == version and check(head, body, signature)
        return right


def verify(
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[str],
    now: float,
    tolerance_s: float = TOLERANCE_S,
) -> Verified:
    """Verify one request; see `Verifier`, which is faster for many."""
    return Verifier(secrets).verify(headers, body, now, tolerance_s)


def _read(headers: Mapping[str, str]) -> tuple[str, str, list[str]]:
    """Read the three headers: the id, the timestamp's digits, the signatures."""
    lowered = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp, signatures = (
        _required(lowered, name) for name in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER)
    )
    if not is_message_id(message_id):
        raise SignatureError(f"{ID_HEADER} is malformed.")
    if _TIMESTAMP.fullmatch(timestamp) is None:
        raise SignatureError(f"{TIMESTAMP_HEADER} is not a number of seconds since the epoch.")
    listed = signatures.split()
    if len(listed) > MOST_SIGNATURES:
        raise SignatureError(f"{SIGNATURE_HEADER} lists more than {MOST_SIGNATURES} signatures.")
    return message_id, timestamp, listed


def _required(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "").strip(" \t")
    if not value:
        raise SignatureError(f"{name} is missing.")
    return value


def _decode(encoded: str) -> bytes:
    """Decode a signature; what is not base64 is a signature of no bytes, which is never right."""
    try:
        return base64.b64decode(encoded.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return b""


def _prepare(secret: Secret) -> tuple[str, _Check]:
    if secret.prefix == "whsec_":
        return "v1", _hmac(secret.key)
    return "v1a", _ed25519(secret.key if secret.prefix == "whpk_" else derive_public(secret.key))


def _hmac(key: bytes) -> _Check:
    mac = keyed_mac(key)

    def check(head: bytes, body: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(mac(head, body), signature)

    return check


def _ed25519(public: bytes) -> _Check:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only for v1a
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - only for v1a
        Ed25519PublicKey,
    )

    key = Ed25519PublicKey.from_public_bytes(public)

    def check(head: bytes, body: bytes, signature: bytes) -> bool:
        try:
            key.verify(signature, head + body)
        except InvalidSignature:
            return False
        return True

    return check
