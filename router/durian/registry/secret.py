"""The secrets that a listener's deliveries are signed with, and how long each does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from durian.errors import InvalidInput, InvalidListener
from durian.signature import new_key_pair, new_secret, parse_secret

#: A symmetric secret (`whsec_`), or an ed25519 private key (`whsk_`).
SecretKind = Literal["hmac", "ed25519"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSecret:
    """A secret of a listener.

    Raises:
        InvalidListener: when the text is no secret that can sign.
    """

    #: In the text form of Standard Webhooks. Left out of the repr, so that no log shows it.
    value: str = field(repr=False)
    #: Seconds since the epoch.
    created_at: float
    #: Seconds since the epoch from which it no longer signs; None means that it does not end.
    expires_at: float | None = None

    def __post_init__(self) -> None:
        try:
            prefix = parse_secret(self.value).prefix
        except InvalidInput as exc:
            raise InvalidListener("secret", exc.reason, hint=exc.advice) from exc
        if prefix == "whpk_":
            raise InvalidListener("secret", "a public key (whpk_) verifies, it cannot sign")

    @property
    def kind(self) -> SecretKind:
        """What signs with it."""
        return "hmac" if self.value.startswith("whsec_") else "ed25519"

    @classmethod
    def new(cls, *, now: float, kind: SecretKind = "hmac") -> ListenerSecret:
        """Make a random one; `now` is in seconds since the epoch."""
        value = new_secret() if kind == "hmac" else new_key_pair()[0]
        return cls(value=value, created_at=now)
