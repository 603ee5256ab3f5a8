"""What was declared: remembered, to be declared again after a reconnect."""

from __future__ import annotations

from durian.broker.parts import Binding, Exchange, Part, Queue


class KnownParts:
    """The parts that exist because they were declared here, in the order of declaring."""

    def __init__(self) -> None:
        #: A dict for the order, and because declaring twice is one part.
        self._parts: dict[tuple[str, ...], Part] = {}

    def add(self, part: Part) -> None:
        """Remember a part."""
        self._parts[_key(part)] = part

    def has(self, part: Part) -> bool:
        """Tell whether a part was declared here. From any thread."""
        return _key(part) in self._parts

    def forget_queue(self, name: str) -> None:
        """Forget a queue and its bindings."""
        if ("queue", name) not in self._parts:
            return  # a process that starts hears of many that are gone
        self._parts = {
            key: part
            for key, part in self._parts.items()
            if not (isinstance(part, Queue) and part.name == name)
            and not (isinstance(part, Binding) and part.queue == name)
        }

    def exclusive_queues(self) -> frozenset[str]:
        """Name the queues that died with the connection."""
        return frozenset(
            part.name for part in self._parts.values() if isinstance(part, Queue) and part.exclusive
        )

    def durable(self) -> list[Part]:
        """Everything that needs no exclusive queue."""
        exclusive = self.exclusive_queues()
        return [part for part in self._parts.values() if _queue_of(part) not in exclusive]

    def transient(self) -> list[Part]:
        """Exclusive queues and their bindings."""
        exclusive = self.exclusive_queues()
        return [part for part in self._parts.values() if _queue_of(part) in exclusive]


def _queue_of(part: Part) -> str | None:
    if isinstance(part, Exchange):
        return None
    return part.name if isinstance(part, Queue) else part.queue


def _key(part: Part) -> tuple[str, ...]:
    if isinstance(part, Binding):
        return ("binding", part.exchange, part.queue, part.key)
    return ("exchange" if isinstance(part, Exchange) else "queue", part.name)
