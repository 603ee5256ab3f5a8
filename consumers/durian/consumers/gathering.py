"""Batches in the making: which deliveries may share a request, and when it begins."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from durian.broker.clock import Clock
from durian.broker.port import Received
from durian.consumers.batch import Batch, Member
from durian.consumers.delivery import ATTEMPTS_HEADER, BATCH_HEADER
from durian.registry import Policy

#: Digits of a number of deliveries.
_COUNT_MAX_DIGITS = 6

#: A message, and since when it is held, on the monotonic clock.
Held = tuple[Received, float]


class Terms(NamedTuple):
    """How a listener's batches are cut."""

    events: int
    wait_s: float
    body_bytes: int


def terms_of(policy: Policy) -> Terms | None:
    """How a listener's batches are cut; None when each delivery has a request of its own."""
    if not policy.batches:
        return None
    return Terms(policy.batch_events, policy.batch_wait_s, policy.batch_bytes)


@dataclass(slots=True, eq=False)
class _Group:
    """Deliveries that may share a batch."""

    #: As their messages have it: how often they were tried.
    attempts: str
    #: How many belong together and wait for nobody else; None when any may join them.
    whole: int | None = None
    #: In the order in which they came.
    members: deque[Member] = field(default_factory=deque)
    size: int = 0

    def add(self, member: Member) -> None:
        self.members.append(member)
        self.size += member.size

    def pop(self) -> Member:
        member = self.members.popleft()
        self.size -= member.size
        return member

    def full(self, terms: Terms) -> int:
        """How many batches of it need not wait for company."""
        if self.whole is not None and len(self.members) >= self.whole:
            return 1
        return max(len(self.members) // terms.events, self.size // terms.body_bytes)

    def cut(self, terms: Terms) -> Batch:
        """Take a batch, as large as may be; an event that is larger goes alone."""
        members = [self.pop()]
        size = members[0].size + 1  # the brackets, less the comma that is one too many
        while (
            self.members
            and len(members) < terms.events
            and size + self.members[0].size <= terms.body_bytes
        ):
            size += self.members[0].size
            members.append(self.pop())
        return Batch(members)


class Gathering:
    """What waits at hand for a listener that takes batches.

    A batch is cut when its attempt begins and not before: while it waits for its turn, a rate or a
    breaker, it fills up. It holds deliveries that were tried equally often, so that one decision
    does for all. Those that were a batch when they were last tried are the same one again, once
    all of them have come back; those that wait in vain for the others go with whom they find.
    """

    def __init__(self, terms: Terms, clock: Clock) -> None:
        self.terms = terms
        self._clock = clock
        #: None of them is empty.
        self._groups: dict[object, _Group] = {}
        self._count = 0

    def __len__(self) -> int:
        """How many deliveries are held. May be read from any thread."""
        return self._count

    @property
    def oldest(self) -> float:
        """Since when the first one is held; there has to be one."""
        return min(group.members[0].since for group in self._groups.values())

    def append(self, held: Held) -> None:
        """Hold a message that has come."""
        received, since = held
        member = Member.of(received, since)
        headers = received.message.headers
        attempts = str(headers.get(ATTEMPTS_HEADER))
        self._count += 1
        if member.document is None:
            # What is wrong with it must not fail others.
            self._group(member, attempts, whole=1).add(member)
            return
        mark = str(headers.get(BATCH_HEADER))
        whole = _size_of(mark)
        self._group((attempts, mark if whole else None), attempts, whole).add(member)

    def halve(self, batch: Batch) -> None:
        """Hold the deliveries of a batch again, each half to be a batch of its own."""
        now = self._clock.monotonic()
        for half in batch.halves:
            alive = [member for member in half.members if member.received.alive]
            for member in alive:
                member.since = now
                attempts = str(member.received.message.headers.get(ATTEMPTS_HEADER))
                self._group(half, attempts, len(alive)).add(member)
            self._count += len(alive)

    def ready(self, *, hurry: bool) -> int:
        """Drop what the broker hands out again; return how many attempts may begin.

        In a hurry nothing waits for company.
        """
        self._drop_dead()
        if self._count and (hurry or self.wait_s() == 0.0):
            return max(1, sum(group.full(self.terms) for group in self._groups.values()))
        return 0

    def wait_s(self) -> float:
        """Seconds until the next attempt may begin, as far as it is decided here."""
        if any(group.full(self.terms) for group in self._groups.values()):
            return 0.0
        return max(0.0, self.oldest + self.terms.wait_s - self._clock.monotonic())

    def take(self) -> tuple[Batch, float]:
        """Take the batch that is tried next, and since when its first delivery is held.

        `ready` said that there is something.
        """
        self._join()
        key, group = min(self._groups.items(), key=self._place)
        since = group.members[0].since
        batch = group.cut(self.terms)
        self._count -= len(batch.members)
        if not group.members:
            del self._groups[key]
        return batch, since

    def take_until(self, until: float) -> list[Received]:
        """Take what came until a moment, the first first."""
        taken: list[Member] = []
        for group in self._groups.values():
            while group.members and group.members[0].since <= until:
                taken.append(group.pop())
        self._tidy(len(taken))
        return [member.received for member in sorted(taken, key=lambda one: one.since)]

    def _place(self, item: tuple[object, _Group]) -> tuple[bool, float]:
        """Where a group stands: the oldest first, but behind those that need not wait."""
        _, group = item
        since = group.members[0].since
        waits = since + self.terms.wait_s > self._clock.monotonic()
        return waits and not group.full(self.terms), since

    def _group(self, key: object, attempts: str, whole: int | None) -> _Group:
        return self._groups.setdefault(key, _Group(attempts, whole))

    def _join(self) -> None:
        """Let those that have waited in vain for the others of their batch go with anybody."""
        until = self._clock.monotonic() - self.terms.wait_s
        for key, group in list(self._groups.items()):
            if group.whole and not group.full(self.terms) and group.members[0].since <= until:
                del self._groups[key]
                joined = self._group((group.attempts, None), group.attempts, None)
                # In front, for they have waited longest.
                joined.members.extendleft(reversed(group.members))
                joined.size += group.size

    def _drop_dead(self) -> None:
        dropped = 0
        for group in self._groups.values():
            # What was handed out on one channel dies with it; what comes again comes after.
            while group.members and not group.members[0].received.alive:
                group.pop()
                dropped += 1
        if dropped:
            self._tidy(dropped)

    def _tidy(self, taken: int) -> None:
        self._count -= taken
        self._groups = {key: group for key, group in self._groups.items() if group.members}


def _size_of(mark: str) -> int | None:
    """How many deliveries a batch held, by what their messages say; None when they do not."""
    count = mark.rpartition(" ")[2]
    is_number = count.isascii() and count.isdigit() and len(count) <= _COUNT_MAX_DIGITS
    return (int(count) or None) if is_number else None
