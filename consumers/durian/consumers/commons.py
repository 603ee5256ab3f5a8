"""What all lanes of a process share, and what they ask of the registry."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.consumers.breaker import BreakerRules
from durian.consumers.bulletin import Bulletin
from durian.consumers.open import OpenWork
from durian.consumers.registry_thread import RegistryThread
from durian.consumers.turns import Turns
from durian.registry import Head, Listener, OpenBreaker


class LaneState(Protocol):
    """The part of the registry's store by which processes agree on a listener."""

    def open_breakers(self) -> list[OpenBreaker]:
        """Every breaker that is open."""

    def open_breaker(self, breaker: OpenBreaker) -> OpenBreaker | None:
        """Open a listener's breaker; return the one that was open already, None if none was."""

    def claim_probe(
        self, listener_id: str, holder: str, *, now: float, until: float
    ) -> OpenBreaker | None:
        """Take the next probe if it is due or one's own; return the breaker as it is then."""

    def postpone_probe(self, breaker: OpenBreaker) -> bool:
        """Write what a failed probe changed; False when somebody has closed it."""

    def close_breaker(self, listener_id: str) -> bool:
        """Close a listener's breaker; False when somebody has done so."""

    def disable_listener(self, listener_id: str) -> bool:
        """Disable a listener; False when it was."""

    def reserve_slots(self, listener_id: str, count: int, interval_s: float) -> float:
        """Reserve moments for attempts; return the seconds until the first."""

    def get_head(self, listener_id: str) -> Head | None:
        """What is known of an ordered listener's head."""

    def put_head(self, head: Head) -> None:
        """Write what is known of an ordered listener's head."""

    def drop_head(self, listener_id: str) -> None:
        """Forget an ordered listener's head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commons:
    """What all lanes of a process share."""

    #: This process, as others know it.
    name: str
    broker: Broker
    topology: Topology
    #: Asked by way of `registry` only.
    state: LaneState
    registry: RegistryThread
    turns: Turns
    #: What a stop waits for.
    open: OpenWork
    rules: BreakerRules
    bulletin: Bulletin
    rng: random.Random
    #: Disables a listener, everywhere: itself, and why.
    disable: Callable[[Listener, str], None]
    #: Tells the other processes that the registry changed.
    announce: Callable[[], None]
