"""Publishing with confirms: one lane per exchange, over one connection."""

from __future__ import annotations

from durian.broker.rabbit.connection import BufferedConnection
from durian.broker.rabbit.lane import Lane, Publication
from durian.broker.rabbit.loop import IoLoop


class Publisher:
    """All that is published. Everything here runs on the loop.

    It needs two things before it sends: a connection of its own, and the word that what was
    declared exists (again).
    """

    def __init__(self, loop: IoLoop) -> None:
        self._loop = loop
        self._lanes: dict[str, Lane] = {}
        self._connection: BufferedConnection | None = None
        self._declared = False

    @property
    def idle(self) -> bool:
        """True when nothing waits for the broker."""
        return all(lane.idle for lane in self._lanes.values())

    @property
    def unconfirmed(self) -> int:
        """How many messages wait to be sent, or for the broker's word. For any thread."""
        return sum(lane.unconfirmed for lane in tuple(self._lanes.values()))

    def publish(self, publication: Publication) -> None:
        """Send a message now, or as soon as that is possible."""
        lane = self._lanes.get(publication.address.exchange)
        if lane is None:
            lane = self._lanes[publication.address.exchange] = Lane(self._loop)
            if self._connection is not None and self._declared:
                lane.attach(self._connection)
        lane.publish(publication)

    def up(self, connection: BufferedConnection) -> None:
        """There is a connection."""
        self._connection = connection
        self._attach()

    def down(self) -> None:
        """The connection is lost."""
        self._connection = None
        for lane in self._lanes.values():
            lane.detach()

    def declared(self) -> None:
        """What was declared exists."""
        if not self._declared:
            self._declared = True
            self._attach()

    def undeclared(self) -> None:
        """What was declared may be gone: whoever connects next waits for `declared`."""
        self._declared = False

    def _attach(self) -> None:
        if self._connection is not None and self._declared:
            for lane in self._lanes.values():
                lane.attach(self._connection)
