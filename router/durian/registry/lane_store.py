"""The part of the registry's store by which delivery processes agree on a listener.

Its breaker, its pace and the head of its order: none is a change of the registry, so that they
cost no version and no follower reads them twice.
"""

from __future__ import annotations

from collections.abc import Collection

from durian.registry.breaker import OpenBreaker
from durian.registry.head import Head
from durian.registry.part import Part
from durian.registry.sql import breakers, heads, listeners, paces


class LaneStore(Part):
    """Breakers, paces and heads; its methods keep the rules of `durian.registry.store.Store`."""

    # Breakers

    def open_breakers(self, listener_ids: Collection[str] | None = None) -> list[OpenBreaker]:
        """Return the breakers that are open, by listener: all of them, or some listeners'."""
        with self._database.reading() as connection:
            return breakers.read(connection, self._owner, listener_ids)

    def open_breaker(self, breaker: OpenBreaker) -> OpenBreaker | None:
        """Open a listener's breaker; return the one that was open already, None if none was."""
        with self._database.locked() as connection:
            return breakers.add(connection, breaker)

    def claim_probe(
        self, listener_id: str, holder: str, *, now: float, until: float
    ) -> OpenBreaker | None:
        """Take a listener's next probe until a moment, if it is due or the holder has it already.

        Returns the breaker as it is then: whose `holder` it names makes the probe. None when it is
        closed.
        """
        with self._database.locked() as connection:
            breakers.claim(connection, listener_id, holder, now, until)
            return breakers.get(connection, listener_id)

    def postpone_probe(self, breaker: OpenBreaker) -> bool:
        """Write what a failed probe changed; False when somebody has closed it."""
        with self._database.locked() as connection:
            return breakers.replace(connection, breaker)

    def close_breaker(self, listener_id: str) -> bool:
        """Close a listener's breaker; False when somebody has done so."""
        with self._database.locked() as connection:
            return breakers.remove(connection, listener_id)

    def disable_listener(self, listener_id: str) -> bool:
        """Disable a listener; False when it was. Raises `NotFound`."""
        with self._database.writing() as write:
            listener = listeners.get(write.connection, listener_id)
            if not listener.enabled:
                return False
            listeners.change(write, listener_id, self._now(), enabled=False)
            target = f"listener {listener_id}"
            self._note(write.connection, "listener.disable", target, owner=listener.owner)
            return True

    # Paces

    def reserve_slots(self, listener_id: str, count: int, interval_s: float) -> float:
        """Reserve the next `count` moments for attempts at a listener, `interval_s` apart.

        Returns the seconds from now until the first. All processes together reserve no more than
        one in `interval_s`.
        """
        with self._database.locked() as connection:
            return paces.reserve(connection, listener_id, count, interval_s, self._now())

    # Heads

    def get_head(self, listener_id: str) -> Head | None:
        """Return what is known of an ordered listener's head."""
        with self._database.reading() as connection:
            return heads.get(connection, listener_id)

    def put_head(self, head: Head) -> None:
        """Write what is known of an ordered listener's head, in place of what was."""
        with self._database.locked() as connection:
            heads.put(connection, head)

    def drop_head(self, listener_id: str) -> None:
        """Forget an ordered listener's head: it was delivered or given up."""
        with self._database.locked() as connection:
            heads.remove(connection, listener_id)
