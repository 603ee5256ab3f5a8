"""The circuit: one listener's breaker in this process, in step with all others by the registry.

Closed, it counts failures. Open, nothing is attempted until the next probe is due; then one process
claims it in the registry, and its attempt decides. Without the registry each process does the same
by itself, and tells the registry when that is back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Literal

from durian.broker.port import Timer
from durian.consumers import breaker as rules
from durian.consumers.breaker import Run
from durian.consumers.commons import Commons
from durian.errors import DurianError
from durian.registry import Listener, OpenBreaker

_log = logging.getLogger(__name__)

#: Seconds a process may wait with a probe for a message to come, before others may; it asks for
#: as many again then. Long, because nothing but a dead process makes another one wait for it.
LEASE_S = 60.0

#: How many attempts at a listener may be under way.
Allowance = Literal["all", "one", "none"]


class Circuit:
    """One listener's breaker. Everything here runs on the broker's loop."""

    __slots__ = (
        "_active",
        "_changed",
        "_commons",
        "_listener",
        "_open",
        "_probing",
        "_run",
        "_shared",
        "_timer",
        "_turn",
        "_unclosed",
        "_writing",
    )

    def __init__(self, commons: Commons, listener: Listener, changed: Callable[[], None]) -> None:
        """Make one that calls `changed` when its allowance has changed."""
        self._commons = commons
        self._listener = listener
        self._changed = changed
        self._active = False
        self._run = Run()
        self._open: OpenBreaker | None = None
        self._probing = False
        #: True when the registry knows of the open breaker.
        self._shared = False
        #: When the breaker was opened whose end the registry was not told.
        self._unclosed: float | None = None
        #: Writes under way: what was read meanwhile may be older.
        self._writing = 0
        self._timer: Timer | None = None
        #: Replaced whenever something happens that makes an answer on its way worthless.
        self._turn = object()

    @property
    def allows(self) -> Allowance:
        """How many attempts may be under way."""
        if self._open is None:
            return "all"
        return "one" if self._probing else "none"

    @property
    def breaker(self) -> OpenBreaker | None:
        """The breaker, while it is open."""
        return self._open

    def resume(self, listener: Listener, found: OpenBreaker | None) -> None:
        """Go on with a listener that is new or was changed, by what the registry has of it.

        A change closes the breaker: somebody has done something about the listener.
        """
        self._listener = listener
        self._active = True
        if self._writing:
            self._set_timer(None if self._open is None else self._open.next_probe_at)
        else:
            self._unclosed = None
            self._put(found, shared=found is not None)

    def suspend(self) -> None:
        """Do nothing until it is resumed."""
        self._active = False
        self._probing = False
        self._set_timer(None)

    def adopt(self, found: OpenBreaker | None) -> None:
        """Follow the registry, or tell it what it does not know."""
        if self._writing or not self._active:
            return
        if found is None:
            self._unclosed = None
            if self._open is not None and not self._shared:
                self._share(self._open, None)  # told when it was opened
            elif self._open is not None:
                self._put(None, shared=False)
        elif self._open is None and found.opened_at == self._unclosed:
            self._unshare(found, tell=False)  # told when it was closed
        elif self._open is None:
            self._put(found, shared=True)
        else:
            self._shared = True
            if not self._probing:
                self._put(found, shared=True)

    def succeeded(self) -> None:
        """An attempt did not fail."""
        self._run = Run()
        breaker = self._open
        if breaker is None:
            return
        _log.info("listener.recovered listener=%s probes=%d", breaker.listener_id, breaker.probes)
        known = self._shared or self._writing
        self._put(None, shared=False)
        if known:
            self._unshare(breaker, tell=True)
        else:
            self._commons.bulletin.recovered(self._listener, breaker)

    def failed(self, error: str, *, probe: bool) -> None:
        """An attempt failed; `error` is what the listener's owner may read of it.

        Once the breaker is open only the probe counts: the others were under way before.
        """
        now = self._commons.broker.clock.now()
        if self._open is not None:
            if probe:
                self._probe_failed(self._open, now)
            return
        self._run = self._run.failed(now)
        breaker = rules.opened(
            self._listener.id, self._run, now, self._commons.rules, self._commons.rng
        )
        if breaker is not None:
            _log.warning(
                "listener.failing listener=%s failures=%d error=%s",
                breaker.listener_id,
                breaker.failures,
                error,
            )
            self._put(breaker, shared=False)
            self._share(breaker, error)
            self._end_if_hopeless(breaker, now)

    def _probe_failed(self, breaker: OpenBreaker, now: float) -> None:
        later = rules.postponed(breaker, now, self._commons.rules, self._commons.rng)
        shared = self._shared
        self._put(later, shared=shared)
        if shared:
            turn = self._turn

            def written(answer: object) -> None:
                self._writing -= 1
                if answer is False and self._turn is turn:
                    self._put(None, shared=False)  # closed by another process meanwhile

            self._writing += 1
            self._commons.registry.ask(partial(self._commons.state.postpone_probe, later), written)
        self._end_if_hopeless(later, now)

    def _end_if_hopeless(self, breaker: OpenBreaker, now: float) -> None:
        if rules.is_hopeless(breaker, now, self._commons.rules):
            days = (now - breaker.failing_since) / 86_400
            self._commons.disable(self._listener, f"no attempt succeeded for {days:.1f} days")

    def _put(self, breaker: OpenBreaker | None, *, shared: bool) -> None:
        """Be open like this, or closed."""
        before = self.allows
        self._turn = object()
        self._open = breaker
        self._shared = shared
        self._run = Run()
        self._probing = False
        self._set_timer(None if breaker is None else breaker.next_probe_at)
        if self.allows != before:
            self._changed()

    def _set_timer(self, at: float | None) -> None:
        """Be called when the next probe is due, at a moment in seconds since the epoch."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if at is not None and self._active:
            wait_s = max(0.0, at - self._commons.broker.clock.now())
            self._timer = self._commons.broker.call_later(wait_s, self._due)

    def _due(self) -> None:
        """Claim the probe; a process that has it already asks for as long again."""
        if self._listener.policy.ordered:
            # Nobody else has the queue's messages: it has a single active consumer.
            self._probe(None)
            return
        now = self._commons.broker.clock.now()
        until = now + LEASE_S + self._listener.policy.timeout_s
        turn, state = self._turn, self._commons.state

        def claimed(found: OpenBreaker | DurianError | None) -> None:
            if self._turn is turn and self._active:
                self._claimed(found)

        claim = partial(
            state.claim_probe, self._listener.id, self._commons.name, now=now, until=until
        )
        self._commons.registry.ask(claim, claimed)

    def _claimed(self, found: OpenBreaker | DurianError | None) -> None:
        if isinstance(found, OpenBreaker):
            self._shared = True
            if found.holder == self._commons.name:
                self._open = found
                self._probe(LEASE_S)
            else:
                self._put(found, shared=True)
        elif found is None and self._shared:
            self._put(None, shared=False)
        else:
            self._probe(LEASE_S)  # by ourselves: the registry is away, or has not heard of it yet

    def _probe(self, lease_s: float | None) -> None:
        now = self._commons.broker.clock.now()
        self._set_timer(None if lease_s is None else now + lease_s)
        if not self._probing:
            self._probing = True
            self._changed()

    def _share(self, breaker: OpenBreaker, error: str | None) -> None:
        """Tell the registry that the breaker is open, and with an error everybody."""

        def written(found: OpenBreaker | DurianError | None) -> None:
            self._writing -= 1
            if isinstance(found, OpenBreaker):  # another process was first
                if self._open == breaker:
                    self._put(found, shared=True)
                return
            if error is not None:
                self._commons.bulletin.failing(self._listener, breaker, error)
            if found is None:
                self._shared = self._open == breaker
                self._commons.announce()

        self._writing += 1
        self._commons.registry.ask(partial(self._commons.state.open_breaker, breaker), written)

    def _unshare(self, breaker: OpenBreaker, *, tell: bool) -> None:
        """Tell the registry that the breaker is closed, and everybody if they do not know."""

        def written(answer: object) -> None:
            self._writing -= 1
            if isinstance(answer, DurianError):
                self._unclosed = breaker.opened_at
            if tell and answer is not False:
                self._commons.bulletin.recovered(self._listener, breaker)
            if answer is True:
                self._commons.announce()

        self._writing += 1
        self._commons.registry.ask(
            partial(self._commons.state.close_breaker, breaker.listener_id), written
        )
