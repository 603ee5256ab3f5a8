"""Listeners and hooks as they are filed: with their dates, and the version of the last change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypedDict

from durian.registry.hook_spec import HookSpec
from durian.registry.listener import Listener


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerEntry:
    """A listener as it is filed. Moments are in seconds since the epoch."""

    listener: Listener
    created_at: float
    updated_at: float
    #: The registry's version that last changed it, or its secrets.
    version: int
    #: False when its policy cannot be read, because a newer version wrote it or something damaged
    #: it: it is told with the default policy then.
    readable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class HookEntry:
    """A hook as it is filed."""

    spec: HookSpec
    #: The registry's version that last changed it.
    version: int


class WantedListeners(TypedDict, total=False):
    """Which listeners are asked for: all conditions have to hold; None is no condition."""

    #: Those of these ids; others are no error.
    ids: Collection[str] | None
    #: Those whose ids come after this one.
    after: str | None
    #: Those with exactly this event pattern.
    event: str | None
    enabled: bool | None
    #: Those of this owner.
    owner: str | None
    #: Those in whose id, URL or description a text stands, in capitals or not.
    search: str | None
