"""Exchanges and bindings of the embedded broker: which queues a message goes to."""

from __future__ import annotations

from durian.broker.parts import Binding, Exchange
from durian.errors import QueueMissing, TopologyMismatch
from durian.match.event_pattern import fits

#: The argument that names where messages go that no binding wants.
_ALTERNATE = "alternate-exchange"


class Exchanges:
    """All exchanges, by name."""

    def __init__(self) -> None:
        self._exchanges: dict[str, Exchange] = {}
        #: Exchange -> routing key -> names of queues (a dict, for the order).
        self._bindings: dict[str, dict[str, dict[str, None]]] = {}

    def declare(self, exchange: Exchange) -> None:
        """Make an exchange. Raises TopologyMismatch when it exists in another form."""
        known = self._exchanges.setdefault(exchange.name, exchange)
        if (known.kind, dict(known.arguments)) != (exchange.kind, dict(exchange.arguments)):
            raise TopologyMismatch(f"Exchange {exchange.name} exists with other arguments.")
        self._bindings.setdefault(exchange.name, {})

    def bind(self, binding: Binding) -> None:
        """Let a queue have what an exchange gets. Raises QueueMissing without that exchange."""
        if binding.exchange not in self._exchanges:
            raise QueueMissing(f"There is no exchange {binding.exchange}.")
        keys = self._bindings[binding.exchange]
        keys.setdefault(binding.key, {})[binding.queue] = None

    def forget_queue(self, queue: str) -> None:
        """Remove every binding of a queue."""
        for exchange, keys in self._bindings.items():
            for queues in keys.values():
                queues.pop(queue, None)
            self._bindings[exchange] = {key: queues for key, queues in keys.items() if queues}

    def route(self, exchange: str, keys: tuple[str, ...]) -> list[str]:
        """Name the queues of a message, each once. Raises QueueMissing without that exchange."""
        if exchange not in self._exchanges:
            raise QueueMissing(f"There is no exchange {exchange}.")
        seen: set[str] = set()
        while exchange in self._exchanges and exchange not in seen:
            seen.add(exchange)
            found = self._wanted(self._exchanges[exchange], keys)
            if found:
                return found
            exchange = str(self._exchanges[exchange].arguments.get(_ALTERNATE, ""))
        return []

    def _wanted(self, exchange: Exchange, keys: tuple[str, ...]) -> list[str]:
        bindings = self._bindings[exchange.name]
        found: dict[str, None] = {}
        if exchange.kind == "direct":
            for key in keys:
                found |= bindings.get(key, {})
            return list(found)
        for pattern, queues in bindings.items():
            if exchange.kind == "fanout" or any(fits(pattern, key) for key in keys):
                found |= queues
        return list(found)
