"""What followers of the registry are told: everything that changed after a version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from durian.registry.hook_spec import HookSpec
from durian.registry.listener import Listener


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a follower applies to be at `version`: forget when `reset`, then put, then remove."""

    #: What to ask after next.
    version: int
    #: Added or changed (also when only their secrets were), as they are now.
    listeners: Sequence[Listener] = ()
    #: Ids of those among them whose policy cannot be read, because a newer version wrote it or
    #: somebody broke it: events can be routed to their queues, and rest there.
    unreadable: Sequence[str] = ()
    #: Ids of listeners that are gone; the follower may never have known them.
    removed: Sequence[str] = ()
    hooks: Sequence[HookSpec] = ()
    #: Names of hooks that are gone.
    removed_hooks: Sequence[str] = ()
    #: True when what the follower asked after is too old, or lies in another history (the database
    #: was restored): it has to forget everything it knows, and this starts from nothing.
    reset: bool = False
