"""All that is known of one event at one listener, when somebody asks why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from durian.console.explain.wanting import Wanting
from durian.consumers.dead_letters import DeadLetter
from durian.consumers.set_aside import SetAside
from durian.events import Event
from durian.registry import Head, Listener, OpenBreaker
from durian.registry.attempt import Attempt

#: Where a delivery is. `unwanted`: the listener does not want the event. `delivered`: a 2xx came
#: back. `dead`: in the dead-letter queue. `delayed`: in the delay wheel. `queued`: in its queue, or
#: on its way there. `resting`: in its queue, which nobody consumes for now. `missed`: it was never
#: routed there. `gone`: given up, and no longer among the dead letters. `removed`: there is no such
#: listener. `orphaned`: it found no queue of its listener. `invalid`: the router could not read it.
#: `unrouted`: it reached no queue at all. `unknown`: none of them can be told.
Place = Literal[
    "unwanted",
    "delivered",
    "dead",
    "delayed",
    "queued",
    "resting",
    "missed",
    "gone",
    "removed",
    "orphaned",
    "invalid",
    "unrouted",
    "unknown",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The event that is asked about."""

    id: str
    type: str
    source: str
    #: The event itself; None when the archive does not have it: only the attempt log knows it, or
    #: it was set aside and cannot be read.
    event: Event | None
    #: The message that held it, when that was set aside before any listener had it.
    aside: SetAside | None = None
    #: False when it was published without a time: then `event.time` is when it was read just now.
    timed: bool = True
    #: From when on it was looked for, in seconds since the epoch, if that was said.
    since: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known. Moments are in seconds since the epoch."""

    now: float
    subject: Subject
    listener_id: str
    #: What names the delivery, whether it was ever made or not.
    webhook_id: str
    #: None when there is no such listener.
    listener: Listener | None = None
    #: Whether it wants the event; None without a listener.
    wanting: Wanting | None = None
    #: All of them, in order.
    attempts: Sequence[Attempt] = ()
    #: When the listener was added, and last changed.
    added_at: float | None = None
    changed_at: float | None = None
    #: Its breaker, when that is open.
    breaker: OpenBreaker | None = None
    #: The first delivery of an ordered listener.
    head: Head | None = None
    #: The dead letter, when the dead-letter queue was looked through.
    letter: DeadLetter | None = None
    #: How many dead letters the listener has.
    dead: int = 0
    #: How many of these were looked through.
    looked: int = 0
    #: Messages that are ready in the listener's queue; None when it has none.
    ready: int | None = None
    #: Whether anybody consumes that.
    consumed: bool = True
    #: Events that wait for the router.
    unrouted: int = 0
    #: Whether a router is at work.
    routed: bool = True
    #: Records of attempts that wait to be written.
    unrecorded: int = 0
    #: Deliveries that found no queue.
    orphans: int = 0
    #: True when this one is among the oldest of them.
    is_orphan: bool = False

    def for_owner(self) -> Facts:
        """Return what the owner of the listener may see: nothing on the operator's network."""
        letter = self.letter
        if letter is not None:
            letter = replace(letter, reason=letter.public_reason, error=letter.public_error)
        return replace(self, letter=letter, attempts=[one.for_owner() for one in self.attempts])
