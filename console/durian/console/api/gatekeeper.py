"""The gatekeeper: whose token it is, and whether it comes too often."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest

from durian.errors import RateLimited, RegistryUnavailable
from durian.registry.store import Store
from durian.registry.token import SCOPES, Token
from durian.registry.token_store import USE_EVERY_S

#: Seconds after which a token is looked up again: so long one works that was revoked.
FRESH_S = 5.0

#: Seconds that a token is taken for valid while the registry is away: events go on being taken.
STALE_S = 900.0

#: Tokens that are remembered.
REMEMBERED = 10_000

#: Seconds of its rate that a token may use at once.
BURST_S = 2.0

#: What the token of this machine is called in the audit log.
LOCAL = "local"


@dataclass(slots=True)
class _Known:
    """A token that was seen, and what is left of its rate."""

    token: Token
    looked_up_at: float
    left: float
    counted_at: float
    noted_at: float = -math.inf


class Gatekeeper:
    """Knows tokens by their text. Safe to share by threads.

    Rates are counted in this process alone.
    """

    def __init__(
        self,
        store: Store,
        *,
        local_token: str | None = None,
        rate_per_s: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._store = store
        self._local_token = local_token
        self._rate_per_s = rate_per_s
        self._monotonic = monotonic
        # By digests: the texts themselves are not kept in memory.
        self._known: dict[bytes, _Known] = {}
        self._lock = threading.Lock()

    def recall(self, text: str) -> Token | None:
        """Return the token of this text without asking the registry; None when that is needed."""
        known = self._known.get(_key(text))
        is_fresh = known is not None and self._monotonic() - known.looked_up_at < FRESH_S
        return known.token if known is not None and is_fresh else None

    def find(self, text: str) -> Token | None:
        """Return the token of this text; None when there is none that is valid.

        Raises RegistryUnavailable when it is not known and cannot be looked up.
        """
        if self._is_local(text):
            return self._remember(text, machine_token())
        try:
            return self._remember(text, self._store.find_token(text))
        except RegistryUnavailable:
            known = self._known.get(_key(text))
            if known is None or self._monotonic() - known.looked_up_at > STALE_S:
                raise
            return known.token

    def admit(self, text: str) -> None:
        """Count a request of a token that was found. Raises RateLimited when it is one too many."""
        with self._lock:
            known = self._known.get(_key(text))
            if known is None:
                return
            rate = known.token.rate_per_s or self._rate_per_s
            most, now = max(1.0, rate * BURST_S), self._monotonic()
            known.left = min(most, known.left + (now - known.counted_at) * rate)
            known.counted_at = now
            if known.left < 1:
                raise RateLimited((1 - known.left) / rate)
            known.left -= 1

    def is_worth_noting(self, text: str) -> bool:
        """Tell, once a minute, that it is to be noted that a token is used."""
        with self._lock:
            known, now = self._known.get(_key(text)), self._monotonic()
            if known is None or known.token.id == LOCAL or now - known.noted_at < USE_EVERY_S:
                return False
            known.noted_at = now
            return True

    def _is_local(self, text: str) -> bool:
        mine = self._local_token
        return mine is not None and compare_digest(text.encode("utf-8", "replace"), mine.encode())

    def _remember(self, text: str, token: Token | None) -> Token | None:
        key, now = _key(text), self._monotonic()
        with self._lock:
            known = self._known.pop(key, None)
            if token is None:
                return None
            if known is None:
                known = _Known(token, now, left=math.inf, counted_at=now)
            known.token, known.looked_up_at = token, now
            # Put at the end: the first is the one that was looked up the longest ago.
            self._known[key] = known
            if len(self._known) > REMEMBERED:
                del self._known[next(iter(self._known))]
        return token


def machine_token() -> Token:
    """The token of this machine, which allows everything and is known to no registry."""
    return Token(id=LOCAL, name="this machine", scopes=frozenset(SCOPES), created_at=0.0)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
