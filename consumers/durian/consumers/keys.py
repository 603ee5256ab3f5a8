"""What one listener's deliveries are signed with, through a rotation's end, and connected with."""

from __future__ import annotations

import math
from collections.abc import Sequence

from durian.consumers.sender.port import TlsOptions
from durian.registry import ListenerSecret, Policy
from durian.signature import Signer


class ListenerKeys:
    """A listener's secrets, made ready once; one whose overlap has ended signs no more.

    `tls` is here whole, so that an attempt on another thread never sees half of a change.

    Any thread may use it: two that see the same end build the same signer.
    """

    __slots__ = ("_secrets", "_signer", "_until", "tls")

    def __init__(self, secrets: Sequence[ListenerSecret], tls: TlsOptions | None = None) -> None:
        """Raises InvalidInput when no secret is given or one cannot be read."""
        self.tls = tls
        self._secrets = secrets
        self._signer = Signer([secret.value for secret in secrets])
        self._until = min((_end(secret) for secret in secrets), default=math.inf)

    def signer(self, now: float) -> Signer:
        """The signer of the secrets that hold at `now`, in seconds since the epoch.

        The last secret never ends: an unsigned delivery would be of no use to anybody.
        """
        if now >= self._until:
            holding = [secret for secret in self._secrets if _end(secret) > now]
            if holding:
                self._signer = Signer([secret.value for secret in holding])
            self._until = min((_end(secret) for secret in holding), default=math.inf)
        return self._signer


def tls_of(policy: Policy, key_pem: str | None) -> TlsOptions | None:
    """What a listener needs of TLS; None when that is what the deployment has for all."""
    if policy.ca_pem is None and policy.cert_pem is None:
        return None
    return TlsOptions(ca_pem=policy.ca_pem, cert_pem=policy.cert_pem, key_pem=key_pem)


def _end(secret: ListenerSecret) -> float:
    return math.inf if secret.expires_at is None else secret.expires_at
