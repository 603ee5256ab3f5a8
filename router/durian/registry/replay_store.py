"""The part of the registry's store that holds replays of the archive.

None of it is a change of the registry: it costs no version, and followers hear nothing of it.
"""

from __future__ import annotations

from durian.registry.part import Part
from durian.registry.replay import Replay
from durian.registry.sql import replays


class ReplayStore(Part):
    """Replays; its methods keep the rules of `durian.registry.store.Store`.

    Whoever works on a replay names itself as its holder and has it for `lease_s` seconds from each
    write on; after that another process may take it.
    """

    def add_replay(self, replay: Replay, lease_s: float) -> Replay:
        """Add a replay and hold it; return it as it is written.

        Raises:
            NotFound: when there is no such listener.
            Conflict: when its id is taken, or another one of the listener is running.
        """
        with self._database.locked() as connection:
            return replays.add(connection, replay, self._now(), lease_s, self._owner)

    def take_replay(self, replay_id: str, holder: str, lease_s: float) -> Replay:
        """Go on with a replay that was stopped, has failed, or whose holder is gone.

        Raises:
            NotFound: when there is no such replay.
            Conflict: when it is done, or it or another one of the listener is running.
        """
        with self._database.locked() as connection:
            return replays.take(
                connection, replay_id, holder, self._now(), lease_s, owner=self._owner
            )

    def save_replay(self, replay: Replay, lease_s: float) -> bool:
        """Write how far a replay has come, and hold it for longer.

        False when it is no longer its holder's: another process has taken it, or it is gone.
        """
        with self._database.locked() as connection:
            return replays.save(connection, replay, self._now(), lease_s)

    def get_replay(self, replay_id: str) -> Replay:
        """Return a replay. Raises `NotFound`."""
        with self._database.reading() as connection:
            return replays.get(connection, replay_id, self._now(), self._owner)

    def list_replays(self, listener: str | None = None, *, limit: int = 100) -> list[Replay]:
        """Return the replays that began last, newest first, of one listener or all."""
        with self._database.reading() as connection:
            return replays.page(connection, listener, self._now(), limit, self._owner)
