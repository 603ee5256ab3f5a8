"""How other systems sign, name and type what they send: one function for each scheme."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from durian.errors import InvalidEvent, SignatureError
from durian.registry.source import Scheme
from durian.signature import TOLERANCE_S, Verifier
from durian.signature.verifier import MOST_SIGNATURES


@dataclass(frozen=True, slots=True)
class Claim:
    """What a verified request says of itself."""

    #: The sender's id of the delivery: the same when it is sent again.
    id: str
    #: What the sender calls what happened; empty when it does not.
    type: str


#: Verifies a request (headers by lower-case name, body, secrets, now) and returns what tells its
#: claim from the parsed body. Raises SignatureError.
Verify = Callable[[Mapping[str, str], bytes, Sequence[str], float], Callable[[Any], Claim]]

#: What Svix calls the headers of Standard Webhooks.
_SVIX = {f"svix-{part}": f"webhook-{part}" for part in ("id", "timestamp", "signature")}

_GITHUB_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")
_STRIPE_TIMESTAMP = re.compile(r"[0-9]{1,12}")


def standard(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: float
) -> Callable[[Any], Claim]:
    """Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp` and `webhook-signature`.

    Svix signs in the same way, under names of its own: `svix-id` and so on.
    """
    if "webhook-signature" not in headers:
        headers = {_SVIX.get(name, name): value for name, value in headers.items()}
    verified = Verifier(secrets).verify(headers, body, now)

    def claim(parsed: Any) -> Claim:
        kind = parsed.get("type") if isinstance(parsed, dict) else None
        return Claim(verified.message_id, kind if isinstance(kind, str) else "")

    return claim


def github(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: float
) -> Callable[[Any], Claim]:
    """GitHub: an HMAC of the body alone, so without a time (docs: "Validating webhook deliveries").

    Its event and delivery id are headers of their own, which the signature does not cover.
    """
    del now
    given = _GITHUB_SIGNATURE.fullmatch(headers.get("x-hub-signature-256", ""))
    if given is None:
        raise SignatureError("X-Hub-Signature-256 is missing or malformed.")
    _check_hmac([given[1]], body, secrets, "X-Hub-Signature-256")
    delivery, kind = headers.get("x-github-delivery", ""), headers.get("x-github-event", "")
    for name, value in (("X-GitHub-Delivery", delivery), ("X-GitHub-Event", kind)):
        if not value:
            raise InvalidEvent(name, "is missing")
    return lambda _: Claim(delivery, kind)


def stripe(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: float
) -> Callable[[Any], Claim]:
    """Stripe: `t=...,v1=...` over time and body (docs: "Verify webhook signatures manually")."""
    pairs = [part.strip().partition("=") for part in headers.get("stripe-signature", "").split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    signatures = [value for name, _, value in pairs if name == "v1"]
    if len(times) != 1 or not _STRIPE_TIMESTAMP.fullmatch(times[0]) or not signatures:
        raise SignatureError("Stripe-Signature is missing or malformed.")
    if len(signatures) > MOST_SIGNATURES:
        raise SignatureError(f"Stripe-Signature lists more than {MOST_SIGNATURES} signatures.")
    _check_hmac(signatures, f"{times[0]}.".encode() + body, secrets, "Stripe-Signature")
    if abs(now - int(times[0])) > TOLERANCE_S:
        raise SignatureError("The time in Stripe-Signature lies more than five minutes from now.")

    def claim(parsed: Any) -> Claim:
        for name in ("id", "type"):
            if not isinstance(parsed, dict) or not isinstance(parsed.get(name), str):
                raise InvalidEvent(f"data.{name}", "is missing; Stripe's events have one")
        return Claim(parsed["id"], parsed["type"])

    return claim


#: What verifies each scheme.
SCHEMES: Mapping[Scheme, Verify] = {"standard": standard, "github": github, "stripe": stripe}


def _check_hmac(
    signatures: Sequence[str], signed: bytes, secrets: Sequence[str], header: str
) -> None:
    """Make sure that one of the signatures is right by one of the secrets."""
    right = False
    for secret in secrets:
        expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
        for signature in signatures:
            # No early end: which of several secrets was right does not show in the time.
            right |= hmac.compare_digest(expected, signature.encode())
    if not right:
        raise SignatureError(f"No signature in {header} is right by our secrets.")
