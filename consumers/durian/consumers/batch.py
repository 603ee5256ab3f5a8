"""A batch: deliveries of one listener that share a request, as an array of CloudEvents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from durian.broker.port import Received
from durian.events import http


@dataclass(slots=True, eq=False)
class Member:
    """A delivery that is in a batch, or will be."""

    received: Received
    #: Since when it is held, on the monotonic clock.
    since: float
    #: Its event as a JSON document; None when its message holds none.
    document: bytes | None
    #: When a batch that it was in was last found too large, in seconds since the epoch.
    split_at: float = -math.inf

    @classmethod
    def of(cls, received: Received, since: float) -> Member:
        """Make one of a message that has come."""
        try:
            document = http.structured_body(received.message)
        except Exception:  # noqa: BLE001  # whatever it is, it comes again, and is told, when it is sent
            document = None
        return cls(received, since, document)

    @property
    def size(self) -> int:
        """How many bytes of a batch's body it takes, with what parts it from the next."""
        return len(self.document or b"") + 1


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Deliveries that are tried together; there is one at least."""

    members: Sequence[Member]

    def body(self) -> bytes:
        """The request's body. Raises what one of its messages made it raise."""
        return http.batch_body(
            each.document or http.structured_body(each.received.message) for each in self.members
        )

    @property
    def halves(self) -> tuple[Batch, Batch]:
        """The batch cut in two, in order; there have to be two members."""
        middle = (len(self.members) + 1) // 2
        return Batch(self.members[:middle]), Batch(self.members[middle:])
