"""Unkind expressions and large events: the slowest event is what counts."""

from __future__ import annotations

import json
import random
import time

from durian.events import Event
from durian.match import Index

#: Expressions that keep a backtracking engine busy for ages, with holes to make all of them
#: different: two letters, and a class that no text meets.
UNKIND = (
    r"(a+)+{2}$",
    r"(a|aa)+{2}$",
    r"([a-{0}]+)+{2}",
    r"([a-{0}]*)*[a-{1}]{2}",
    r"([a-{0}]+[a-{1}]+)+{2}",
    r"^(([a-{0}])+.)+[A-Z]([a-{1}])+{2}",
    r"(.*[a-{0}]){{12}}{2}",
    r"(([a-{0}]+ ?)+[a-{1}])+{2}",
)
#: How many of them.
EXPRESSIONS = 10_000
#: Characters of the string: an event of nearly a megabyte.
LENGTH = 2**20 - 100


def slowest_ms() -> float:
    """Load them all, and give the time of the slowest event."""
    index = Index()
    refused = index.load((f"l{number}", "#", _filter(number)) for number in range(EXPRESSIONS))
    assert not refused
    slowest = 0.0
    for text in _texts():
        event = Event(type="t", data={"text": text})
        start = time.perf_counter()
        index.match(event)
        slowest = max(slowest, time.perf_counter() - start)
    return slowest * 1e3


def _filter(number: int) -> str:
    low, high = (
        "bcdefghijklmnopqrstuvwxyz"[number % 25],
        "bcdefghijklmnopqrstuvwxyz"[number // 25 % 25],
    )
    never = "".join(f"[{digit}A]" for digit in f"{number:04d}")
    return json.dumps({"text": {"like": UNKIND[number % len(UNKIND)].format(low, high, never)}})


def _texts() -> list[str]:
    pick = random.Random(1)  # noqa: S311 (a workload, not a secret)
    letters = "".join(pick.choices("abcdefghijklmnopqrstuvwxyz    ", k=LENGTH))
    return ["a" * 40 + "!", "a" * LENGTH, ("the quick brown fox " * LENGTH)[:LENGTH], letters]
