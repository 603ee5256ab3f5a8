"""Turns: who makes the next attempt, so that hung listeners leave room for the others.

A sender makes so many attempts at once and no more (each takes a thread, or a connection), and a
listener that hangs keeps its place until its deadline. Half of what the sender carries are turns:

- Lanes take turns, one attempt each.
- A lane is slow while one of its attempts takes more than a second, and for as long again: one
  that answers now and then, to hang again, stays slow. Slow lanes hold at most half of the turns
  together.
- Once half of the turns are taken, a lane of which no attempt has ended within the last second is
  on trial: it makes one alone.
- An attempt of more than a second is late and holds nobody back any longer: the other half of what
  the sender carries is for those. So when many lanes hang at once that were quick just before, the
  others wait a second, not a deadline.
- Nobody gets a turn while the broker takes nothing that is published: what follows on an attempt
  could not be kept, and after some time the broker would hand the delivery out for another one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from durian.broker.port import Broker, Timer

#: Seconds within which an attempt is quick: most take a tenth of it, a hung one many times as long.
QUICK_S = 1.0

#: What a lane that waits may have: any turn, one of the slow ones' share, or none as long as it is
#: on trial.
Class = Literal["quick", "slow", "trial"]


@dataclass(slots=True, eq=False)
class Account:
    """What is known of one lane."""

    slow: bool = False
    #: Until when it is so at least, on the monotonic clock.
    slow_until: float = -math.inf
    #: When an attempt last took less than QUICK_S, on the monotonic clock.
    proven_at: float = -math.inf
    #: Attempts under way.
    running: int = 0
    #: Those that have taken longer than QUICK_S.
    late: int = 0
    #: Where it waits for a turn, if it does.
    waits: Class | None = None


@dataclass(slots=True, eq=False)
class Turn:
    """One attempt under way."""

    account: Account
    #: On the monotonic clock.
    began_at: float
    late: bool = False


#: Begins an attempt, by `Turns.begin`; or does nothing, if there is none to begin any more.
Take = Callable[[], None]


class Turns:
    """Hands out turns. Everything here runs on the broker's loop."""

    def __init__(self, broker: Broker, capacity: int) -> None:
        """Hand out turns for a sender that makes `capacity` attempts at once."""
        self._broker = broker
        self._clock = broker.clock
        self._capacity = capacity
        self._turns = max(1, capacity // 2)
        self._half = max(1, self._turns // 2)
        #: Attempts under way that are not late, in the order in which they began.
        self._fresh: dict[Turn, None] = {}
        self._late = 0
        #: Attempts under way of slow lanes.
        self._slow = 0
        #: Who waits for a turn, in order, each with its ticket.
        self._waiting: dict[Class, dict[Account, tuple[int, Take]]] = {
            "quick": {},
            "slow": {},
            "trial": {},
        }
        self._tickets = 0
        self._serving = False
        self._timer: Timer | None = None
        self._blocked = False
        broker.on_blocked(self._block, self._unblock)

    @property
    def taken(self) -> int:
        """Attempts under way. May be read from any thread."""
        return len(self._fresh) + self._late

    def ask(self, account: Account, take: Take) -> None:
        """Call `take` when it is the lane's turn; asking again while waiting changes nothing."""
        if account.waits is None:
            self._tickets += 1
            self._file(account, (self._tickets, take))
        self._serve()

    def begin(self, account: Account) -> Turn:
        """An attempt begins."""
        turn = Turn(account, self._clock.monotonic())
        self._fresh[turn] = None
        account.running += 1
        self._slow += account.slow
        return turn

    def end(self, turn: Turn) -> None:
        """An attempt has ended."""
        self._notice_late()
        now = self._clock.monotonic()
        account = turn.account
        account.running -= 1
        self._slow -= account.slow
        if turn.late:
            self._late -= 1
            account.late -= 1
            account.slow_until = max(account.slow_until, now + (now - turn.began_at))
        else:
            del self._fresh[turn]
            account.proven_at = now
            self._mark(account, slow=account.late > 0 or now < account.slow_until)
        self._refile(account)
        self._serve()

    def _block(self) -> None:
        self._blocked = True

    def _unblock(self) -> None:
        self._blocked = False
        self._serve()

    def _serve(self) -> None:
        if self._serving or not any(self._waiting.values()):
            return
        self._serving = True
        try:
            self._notice_late()
            while (take := self._next()) is not None:
                take()
        finally:
            self._serving = False
        self._watch()

    def _next(self) -> Take | None:
        while self._has_turns():
            front = self._front()
            if front is None:
                break
            account, (ticket, take) = front
            self._take_out(account)
            if self._is_on_trial(account):
                account.waits = "trial"
                self._waiting["trial"][account] = (ticket, take)
            else:
                return take
        return None

    def _front(self) -> tuple[Account, tuple[int, Take]] | None:
        """Who has waited the longest of those who may have a turn."""
        quick, slow = self._waiting["quick"], self._waiting["slow"]
        first = next(iter(quick.items())) if quick else None
        if slow and self._slow < self._half:
            other = next(iter(slow.items()))
            if first is None or other[1][0] < first[1][0]:
                return other
        return first

    def _has_turns(self) -> bool:
        if self._blocked or len(self._fresh) >= self._turns:
            return False
        return self.taken < self._capacity

    def _is_on_trial(self, account: Account) -> bool:
        if account.slow or not account.running or self.taken < self._half:
            return False
        return self._clock.monotonic() - account.proven_at > QUICK_S

    def _file(self, account: Account, entry: tuple[int, Take]) -> None:
        account.waits = "slow" if account.slow else "quick"
        self._waiting[account.waits][account] = entry

    def _take_out(self, account: Account) -> tuple[int, Take] | None:
        waits, account.waits = account.waits, None
        return None if waits is None else self._waiting[waits].pop(account)

    def _refile(self, account: Account) -> None:
        """Let it wait where it belongs now, in its old place if that is there."""
        if account.waits != ("slow" if account.slow else "quick"):
            entry = self._take_out(account)
            if entry is not None:
                self._file(account, entry)

    def _notice_late(self) -> None:
        long_ago = self._clock.monotonic() - QUICK_S
        while self._fresh:
            turn = next(iter(self._fresh))
            if turn.began_at > long_ago:
                break
            del self._fresh[turn]
            turn.late = True
            self._late += 1
            turn.account.late += 1
            self._mark(turn.account, slow=True)
            self._refile(turn.account)

    def _mark(self, account: Account, *, slow: bool) -> None:
        if account.slow != slow:
            account.slow = slow
            self._slow += account.running if slow else -account.running

    def _watch(self) -> None:
        """Serve again when the next attempt is late, if that may help somebody who waits."""
        waiting = self._waiting
        full = len(self._fresh) >= self._turns and (waiting["quick"] or waiting["slow"])
        if self._timer is None and self._fresh and (full or waiting["trial"]):
            wait_s = next(iter(self._fresh)).began_at + QUICK_S - self._clock.monotonic()
            self._timer = self._broker.call_later(wait_s, self._watched)

    def _watched(self) -> None:
        self._timer = None
        self._serve()
