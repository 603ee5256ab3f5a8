"""One consumer of one queue, through all the channels it lives on one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from durian.broker.port import Done, Received, StreamStart

if TYPE_CHECKING:
    from durian.broker.rabbit.channel import ConsumeChannel


class Canceller(Protocol):
    """Who ends subscriptions."""

    def cancel(self, subscription: RabbitSubscription, done: Done | None) -> None:
        """End one, from any thread."""


class RabbitSubscription:
    """What somebody wants of a queue, and where that is at present."""

    __slots__ = (
        "_canceller",
        "channel",
        "ended",
        "on_lost",
        "on_message",
        "prefetch",
        "queue",
        "start",
        "tag",
    )

    def __init__(
        self,
        canceller: Canceller,
        queue: str,
        on_message: Callable[[Received], None],
        prefetch: int,
        on_lost: Done | None,
        *,
        start: StreamStart | None = None,
    ) -> None:
        self._canceller = canceller
        self.queue = queue
        self.on_message = on_message
        self.prefetch = prefetch
        self.on_lost = on_lost
        #: Where it begins, or goes on, in a stream.
        self.start = start
        #: Its name on the channel it is on.
        self.tag = ""
        self.channel: ConsumeChannel | None = None
        #: True once it was cancelled, or lost for good.
        self.ended = False

    def cancel(self, done: Done | None = None) -> None:
        """Stop handing out messages; what was handed out stays unsettled."""
        self._canceller.cancel(self, done)
