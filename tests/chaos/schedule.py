"""A random schedule of faults: what is done to whom, and when; the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: What is done: `kill` is SIGKILL, `freeze` is SIGSTOP and later SIGCONT, `cut` lets connections to
#: the broker forward nothing for a while and then resets them, `block` lets a receiver take
#: requests and say nothing, `stop` ends a server as a crash would and starts it later, `add` starts
#: one more process and later asks it to stop.
Action = Literal["kill", "freeze", "cut", "block", "stop", "add"]

#: Seconds for which each lasts, between these two: shorter than what the broker needs to notice,
#: and longer than the blocked listener's timeout.
HOLDS_S: Mapping[Action, tuple[float, float]] = {
    "kill": (0.0, 0.0),
    "freeze": (2.0, 8.0),
    "cut": (0.0, 5.0),
    "block": (4.0, 10.0),
    "stop": (1.0, 6.0),
    "add": (4.0, 12.0),
}

#: Every kind of fault: an action and whom it hits.
KINDS: tuple[tuple[Action, str], ...] = (
    ("kill", "router"),
    ("kill", "delivery"),
    ("kill", "recorder"),
    ("stop", "broker"),
    ("stop", "registry"),
    ("freeze", "router"),
    ("freeze", "delivery"),
    ("cut", "router"),
    ("cut", "delivery"),
    ("block", "listener"),
    ("add", "router"),
    ("add", "delivery"),
    ("add", "recorder"),
)

#: Seconds before the first fault, and between the beginnings of two, at least and at most.
FIRST_S = 3.0
GAPS_S = (3.0, 9.0)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault."""

    #: Seconds after the beginning.
    at_s: float
    action: Action
    target: str
    #: Seconds until it is undone.
    hold_s: float

    @property
    def kind(self) -> str:
        """What it is called."""
        return f"{self.action} {self.target}"


def draw(seed: int, seconds: float) -> list[Fault]:
    """Draw faults for so many seconds: every kind once, in any order, then every kind again."""
    rng = random.Random(seed)
    faults: list[Fault] = []
    deck: list[tuple[Action, str]] = []
    at_s = FIRST_S
    while at_s < seconds:
        if not deck:
            deck = rng.sample(KINDS, len(KINDS))
        action, target = deck.pop()
        faults.append(Fault(at_s, action, target, rng.uniform(*HOLDS_S[action])))
        at_s += rng.uniform(*GAPS_S)
    return faults
