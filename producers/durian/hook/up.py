"""Handing events to a running `durian up`, which has a broker of its own: for development."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from types import TracebackType
from typing import Self

from durian.errors import DurianError, InvalidEvent
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
        self._emit(*self._place, [event], self._token)
        return event

    def emit_many(self, events: Iterable[Event]) -> int:
        """Hand over events; returns how many.

        Raises PartlyEmitted; those before one that is refused are safe then.
        """
        from durian.producers import PartlyEmitted  # noqa: PLC0415  # loads a driver

        confirmed = 0
        batches = _batches(events)
        for batch in batches:
            try:
                try:
                    self._emit(*self._place, batch, self._token)
                except InvalidEvent as error:
                    # Nothing of the batch was taken; whoever relays an outbox sets the first aside.
                    if error.index:
                        self._emit(*self._place, batch[: error.index], self._token)
                        confirmed += error.index
                        del batch[: error.index]
                    raise
            except DurianError as error:
                raise PartlyEmitted(
                    str(error),
                    confirmed=confirmed,
                    unconfirmed=tuple(batch),
                    unread=chain.from_iterable(batches),
                ) from error
            confirmed += len(batch)
        return confirmed

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
