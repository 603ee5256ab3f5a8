"""The keys that sign one listener's deliveries, through a rotation's end."""

from __future__ import annotations

import math
from collections.abc import Sequence

from durian.registry import ListenerSecret
from durian.signature import Signer


class SigningKeys:
    """A listener's secrets, made ready once; one whose overlap has ended signs no more.

    Any thread may use it: two that see the same end build the same signer.
    """

    __slots__ = ("_secrets", "_signer", "_until")

    def __init__(self, secrets: Sequence[ListenerSecret]) -> None:
        """Raises InvalidInput when no secret is given or one cannot be read."""
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


def _end(secret: ListenerSecret) -> float:
    return math.inf if secret.expires_at is None else secret.expires_at
