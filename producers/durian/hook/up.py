"""Handing events to a running `durian up`, which has a broker of its own: for development."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from types import TracebackType
from typing import Self

from durian.errors import DurianError, InvalidEvent, TooLarge
from durian.events import Event
from durian.hook.parts import part
from durian.hook.settings import Settings

#: Events of one request, and bytes of their data: a request may have 1,000 and 4 MiB.
BATCH = 500
BATCH_BYTES = 2 * 1024 * 1024


class UpProducer:
    """Emits as `durian.producers.Producer` does, by HTTP.

    Raises:
        MissingExtra: the console is not installed.
    """

    def __init__(self, settings: Settings) -> None:
        self._emit = part("up")
        self._place = (settings.api_host, settings.api_port)
        self._token = settings.token.get_secret_value()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def emit(self, event: Event) -> Event:
        """Hand over one event. Raises BrokerUnavailable, InvalidEvent or DurianError."""
        next(self._hand_over([event]))
        return event

    def emit_many(self, events: Iterable[Event]) -> int:
        """Hand over events; returns how many.

        Raises PartlyEmitted; those before one that is refused are safe then.
        """
        from durian.producers import PartlyEmitted  # noqa: PLC0415  # loads a driver

        confirmed = 0
        batches = _batches(events)
        for batch in batches:
            taken = 0
            try:
                for count in self._hand_over(batch):
                    taken += count
            except DurianError as error:
                raise PartlyEmitted(
                    str(error),
                    confirmed=confirmed + taken,
                    unconfirmed=tuple(batch[taken:]),
                    unread=chain.from_iterable(batches),
                ) from error
            confirmed += taken
        return confirmed

    def _hand_over(self, batch: list[Event]) -> Iterator[int]:
        """Hand over a batch, in parts when it is refused; yields how many more of it are safe.

        Raises InvalidEvent only of an event that is refused alone: whoever relays an outbox sets
        the first aside that was not taken.
        """
        try:
            self._emit(*self._place, batch, self._token)
        except (InvalidEvent, TooLarge) as error:
            if len(batch) == 1:
                raise _alone(error) from error
            parts = _around(batch, error.index if isinstance(error, InvalidEvent) else None)
        else:
            yield len(batch)
            return
        for some in parts:
            yield from self._hand_over(some)

    def close(self) -> None:
        """Nothing stays open."""


def _batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    batch: list[Event] = []
    size = 0
    for event in events:
        if batch and (len(batch) == BATCH or size + len(event.body) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += len(event.body)
    if batch:
        yield batch


def _alone(error: InvalidEvent | TooLarge) -> InvalidEvent:
    """The error about an event that was refused by itself."""
    if isinstance(error, InvalidEvent):
        return error.alone()
    return InvalidEvent("data", "is too large for one request once it is written as JSON")


def _around(batch: list[Event], place: int | None) -> list[list[Event]]:
    """The event at a place, and what stands before and after it; halves when no place is told."""
    cuts: tuple[int, ...] = (len(batch) // 2,)
    if place is not None and place < len(batch):
        cuts = (place, place + 1)
    return [batch[start:end] for start, end in pairwise((0, *cuts, len(batch))) if start < end]
