"""A replay: a job that sends events of the archive to one listener again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from durian.registry.listener import readable_tail

#: `running`: a process works on it, or has died over it. `done`: it has come to its end.
#: `stopped`: whoever started it no longer wanted it. `failed`: an error ended it.
ReplayState = Literal["running", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A replay and how far it has come. Moments are in seconds since the epoch."""

    #: Short and readable; see `new_replay_id`.
    id: str
    listener_id: str
    #: Where in the archive it begins; None: with the oldest event.
    since: float | None = None
    #: Events whose `time` is later are left out; None: none is.
    until: float | None = None
    #: Events sent in a second at most; None: as many as the broker takes.
    rate_per_s: float | None = None
    state: ReplayState = "running"
    #: Where it goes on in the archive: everything before is safe. None before it has begun.
    next_offset: int | None = None
    #: Where its mark lies: everything before it is part of it. None before the mark is found.
    end_offset: int | None = None
    #: Events that were read, and those of them that the listener wanted and that were sent.
    seen: int = 0
    sent: int = 0
    #: What ended it, when it failed.
    error: str = ""
    started_at: float = 0.0
    updated_at: float = 0.0
    #: The process that works on it.
    holder: str = ""
    #: When another process may go on with it, should its holder be silent until then.
    leased_until: float = 0.0
    #: True while it is running and its holder was heard of; not written but found out.
    is_held: bool = False


def new_replay_id() -> str:
    """Make an id."""
    return f"r-{readable_tail()}"
