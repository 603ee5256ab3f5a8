"""Events at a steady rate: published with confirms, and again until they are confirmed."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable, Iterator, Mapping

from durian.events import Event
from durian.producers import Producer
from durian.producers.pipeline import PartlyEmitted
from tests.support.history import History

#: Out of a hundred events, how many are of a type; every type has a listener, all have another.
SHARES: Mapping[str, int] = {
    "plain": 78,
    "flaky": 10,
    "blockable": 8,
    "ordered": 3,
    "doomed": 1,
}

#: The listener that wants every event.
EVERYTHING = "all"


class Emitter:
    """Publishes on a thread of its own until it is told to stop."""

    def __init__(self, url: str, history: History, seed: int, rate_per_s: float) -> None:
        #: How many events were begun so far: the number of the next one.
        self.count = 0
        #: How many events the broker has confirmed.
        self.confirmed = 0
        #: How often publishing was given up, and begun again.
        self.troubles = 0
        self._url = url
        self._history = history
        self._rng = random.Random(seed)
        self._rate_per_s = rate_per_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Begin no more events; tell whether all that were begun were confirmed in time."""
        self._stopping.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        events: Iterable[Event] = self._events()
        while True:
            try:
                with Producer(self._url, source="/chaos") as producer:
                    self.confirmed += producer.emit_many(events)
            except PartlyEmitted as partly:
                self.troubles += 1
                self.confirmed += partly.confirmed
                events = _joined(partly.unconfirmed, partly.unread)
            else:
                return

    def _events(self) -> Iterator[Event]:
        """Every event at its time; what is late comes at once."""
        began = time.monotonic()
        types = list(SHARES)
        while True:
            wait_s = began + self.count / self._rate_per_s - time.monotonic()
            if self._stopping.wait(max(0.0, wait_s)):
                return
            [kind] = self._rng.choices(types, list(SHARES.values()))
            number, self.count = self.count, self.count + 1
            event = Event(
                id=f"e{number}",
                source="/chaos",
                type=f"chaos.{kind}",
                data={"number": number, "noise": self._rng.getrandbits(64)},
            )
            listeners = (EVERYTHING,) if kind == "plain" else (EVERYTHING, kind)
            self._history.expect([f"/{one}" for one in listeners], event.id, event.body)
            yield event


def _joined(first: Iterable[Event], rest: Iterable[Event]) -> Iterator[Event]:
    yield from first
    yield from rest
