"""Turns: who makes the next attempt, so that hung listeners leave threads for the others.

An attempt takes a thread, and a listener that hangs keeps it until its deadline. Therefore:

- Lanes take turns, one attempt each.
- A lane is quick once an attempt of its ended within a second, as long as none takes longer. Lanes
  that are not, or not yet, hold at most half of the threads together.
- An attempt of more than a second is late and holds nobody back any longer: there are as many
  threads again for those. So even when all lanes hang at once that were quick just before, the
  others wait a second, not a deadline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from durian.broker.port import Broker, Timer

#: Seconds within which an attempt is quick: most take a tenth of it, a hung one many times as long.
QUICK_S = 1.0


@dataclass(slots=True, eq=False)
class Account:
    """What is known of one lane."""

    quick: bool = False
    #: Attempts under way.
    running: int = 0
    #: Those that have taken longer than QUICK_S.
    late: int = 0


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

    def __init__(self, broker: Broker, threads: int) -> None:
        """Hand out `threads` turns at a time, and as many again for attempts that are late."""
        self._broker = broker
        self._threads = threads
        self._slow_share = max(1, threads // 2)
        #: Attempts under way that are not late, in the order in which they began.
        self._fresh: dict[Turn, None] = {}
        self._late = 0
        #: Attempts under way of lanes that are not quick.
        self._slow = 0
        #: Who waits, in order, and since which ticket: quick lanes, and the others.
        self._waiting: dict[bool, dict[Account, tuple[int, Take]]] = {True: {}, False: {}}
        self._tickets = 0
        self._serving = False
        self._timer: Timer | None = None

    def ask(self, account: Account, take: Take) -> None:
        """Call `take` when it is the lane's turn; asking again while waiting changes nothing."""
        waiting = self._waiting[account.quick]
        if account not in waiting:
            self._tickets += 1
            waiting[account] = (self._tickets, take)
        self._serve()

    def begin(self, account: Account) -> Turn:
        """An attempt begins."""
        turn = Turn(account, self._broker.clock.monotonic())
        self._fresh[turn] = None
        account.running += 1
        self._slow += not account.quick
        return turn

    def end(self, turn: Turn) -> None:
        """An attempt has ended."""
        self._notice_late()
        account = turn.account
        account.running -= 1
        self._slow -= not account.quick
        if turn.late:
            self._late -= 1
            account.late -= 1
        else:
            del self._fresh[turn]
            self._mark(account, quick=account.late == 0)
        self._serve()

    def _serve(self) -> None:
        if self._serving:
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
        if len(self._fresh) >= self._threads or self._is_full():
            return None
        quick, slow = self._waiting[True], self._waiting[False]
        fronts = [next(iter(quick.items()))] if quick else []
        if slow and self._slow < self._slow_share:
            fronts.append(next(iter(slow.items())))
        if not fronts:
            return None
        account, (_, take) = min(fronts, key=lambda front: front[1][0])
        del self._waiting[account.quick][account]
        return take

    def _is_full(self) -> bool:
        return len(self._fresh) + self._late >= 2 * self._threads

    def _notice_late(self) -> None:
        long_ago = self._broker.clock.monotonic() - QUICK_S
        while self._fresh:
            turn = next(iter(self._fresh))
            if turn.began_at > long_ago:
                break
            del self._fresh[turn]
            turn.late = True
            self._late += 1
            turn.account.late += 1
            self._mark(turn.account, quick=False)

    def _mark(self, account: Account, *, quick: bool) -> None:
        if account.quick == quick:
            return
        waiting = self._waiting[account.quick].pop(account, None)
        account.quick = quick
        self._slow += -account.running if quick else account.running
        if waiting is not None:
            self._waiting[quick][account] = waiting

    def _watch(self) -> None:
        """Serve again when the next attempt is late, if somebody waits for that."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waits = self._waiting[True] or self._waiting[False]
        if waits and len(self._fresh) >= self._threads and not self._is_full():
            wait_s = next(iter(self._fresh)).began_at + QUICK_S - self._broker.clock.monotonic()
            self._timer = self._broker.call_later(wait_s, self._serve)
