"""Listeners and events to measure with: made from a seed, the same on every machine.

Events are orders of some 600 bytes of JSON: seventeen fields, a nested object, an array of objects.
Listeners want one customer, one account, or one item in one city, as tenants of a platform do; the
mixes add the other operators in the shares they are named with. An event is wanted by two or three
listeners whatever their number.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

SEED = 20260101

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NOUNS = ("order", "parcel", "refund", "cart")
_VERBS = ("made", "paid", "sent", "lost", "held")

#: Types of events; listeners and events are spread evenly over them.
TYPES = tuple(f"shop.{noun}.{verb}" for noun in _NOUNS for verb in _VERBS)
STATES = ("new", "paid", "held", "sent", "done", "lost")

#: Id, event pattern and filter as JSON: what a registry holds of a listener.
Row = tuple[str, str, str]


def _mix(**shares: int) -> tuple[str, ...]:
    kinds = tuple(kind for kind, share in shares.items() for _ in range(share))
    assert len(kinds) == 100
    return kinds


#: Of a hundred listeners, how many are of which kind.
MIXES = {
    "equality": _mix(equal=100),
    "full": _mix(equal=70, wildcard=10, prefix=10, suffix=5, contains=3, regex=1, mixed=1),
    "arrays": _mix(equal=60, items=15, tags=10, negated=15),
    "ranges": _mix(between=100),
    "texts": _mix(text=100),
}


class Workload:
    """Listeners and events of one mix and size."""

    def __init__(self, mix: str, size: int) -> None:
        self.mix = mix
        self.size = size
        self._random = random.Random(f"{SEED} {mix} {size}")  # noqa: S311 (a workload, not a secret)
        self._words = ["".join(self._random.choices(_LETTERS, k=4 + at % 6)) for at in range(4000)]
        self._tenants = max(size // 60, 1)

    def listeners(self) -> Iterator[Row]:
        """Give as many listeners as the size says."""
        return map(self.listener, range(self.size))

    def listener(self, number: int) -> Row:
        """Make a listener."""
        kind = self._random.choice(MIXES[self.mix])
        pattern = self._random.choice(TYPES)
        if self.mix in ("ranges", "texts"):
            pattern = "shop.#"
        if kind == "wildcard":
            first, noun, verb = pattern.split(".")
            forms = (f"{first}.{noun}.*", f"{first}.*.{verb}", f"{first}.{noun}.#")
            pattern = self._random.choice(forms)
        make: Callable[[int], dict[str, Any]] = getattr(self, f"_{kind}")
        return f"listener-{number:07d}", pattern, json.dumps(make(number))

    def _equal(self, number: int) -> dict[str, Any]:
        if number % 3 == 0:
            return {"customer": self._customer()}
        if number % 3 == 1:
            return {"account": self._account()}
        return {"address.city": self._city(), "priority": self._below(5), "sku": self._sku()}

    _wildcard = _equal

    def _prefix(self, _: int) -> dict[str, Any]:
        return {"customer": {"startswith": self._customer()[: 8 + self._below(2)]}}

    def _suffix(self, _: int) -> dict[str, Any]:
        return {"email": {"endswith": self._mailbox()}}

    def _contains(self, _: int) -> dict[str, Any]:
        return {"note": {"contains": f"{self._note_word()} {self._note_word()}"}}

    def _regex(self, _: int) -> dict[str, Any]:
        return {"note": {"like": rf"{self._note_word()}\s+[a-z]{{4,8}}\s+{self._note_word()}"}}

    def _mixed(self, number: int) -> dict[str, Any]:
        total, note = {"gte": self._below(1000)}, {"contains": self._note_word()}
        return {**self._equal(number), "total": total, "note": note}

    def _items(self, _: int) -> dict[str, Any]:
        return {"items.code": self._sku(), "items.count": self._below(5)}

    def _tags(self, _: int) -> dict[str, Any]:
        return {"tags": self._tag()}

    def _negated(self, number: int) -> dict[str, Any]:
        return {**self._equal(number), "state": {"not": self._random.choice(STATES)}}

    def _between(self, _: int) -> dict[str, Any]:
        low = self._random.random() * 1000
        return {"total": {"between": [low, low + self._random.random() * 0.1]}}

    def _text(self, number: int) -> dict[str, Any]:
        return {"note": {"contains": f"{self._word()} {number:x}"}}

    def _below(self, limit: int) -> int:
        return self._random.randrange(limit)

    def _customer(self) -> str:
        return f"C{self._below(self._tenants):08d}"

    def _account(self) -> str:
        return f"acct-{self._below(self._tenants):x}"

    def _sku(self) -> str:
        return f"{self._random.choice(self._words[:100])}-{self._below(10)}"

    def _tag(self) -> str:
        return f"{self._random.choice(self._words[:100])}-{self._below(self.size // 10_000 + 1)}"

    def _city(self) -> str:
        return self._random.choice(self._words[:500]).title()

    def _mailbox(self) -> str:
        return (
            f"{self._below(self.size // 2000 + 1)}@{self._random.choice(self._words[:5])}.example"
        )

    def _word(self) -> str:
        return self._random.choice(self._words)

    def _note_word(self) -> str:
        return self._random.choice(self._words[:500])

    def events(self, count: int) -> list[tuple[str, bytes]]:
        """Make events: type, and data as JSON."""
        return [
            (self._random.choice(TYPES), json.dumps(self._data(), separators=(",", ":")).encode())
            for _ in range(count)
        ]

    def _data(self) -> dict[str, Any]:
        return {
            "id": f"{self._below(16**12):012x}",
            "customer": self._customer(),
            "account": self._account(),
            "email": f"{self._word()}{self._mailbox()}",
            "state": self._random.choice(STATES),
            "priority": self._below(5),
            "sku": self._sku(),
            "total": round(self._random.random() * 1000, 2),
            "currency": self._random.choice(("EUR", "NOK", "USD")),
            "gift": self._below(10) == 0,
            "coupon": None,
            "address": {
                "street": f"{self._word().title()} {self._below(100)}",
                "city": self._city(),
                "zip": f"{self._below(10_000):04d}",
                "country": "NO",
            },
            "items": [
                {"code": self._sku(), "count": self._below(5), "price": self._below(10_000) / 100}
                for _ in range(3)
            ],
            "tags": [self._tag(), self._tag()],
            "note": " ".join(self._note_word() for _ in range(12)),
            "at": "2026-01-01T12:00:00Z",
            "ip": f"10.{self._below(256)}.{self._below(256)}.{self._below(256)}",
        }
