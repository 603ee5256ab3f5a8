"""What can be declared on a broker: exchanges, queues and bindings, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: Argument values that AMQP tables and the embedded broker both understand.
Argument = str | int | bool

ExchangeKind = Literal["topic", "direct", "fanout"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A durable exchange."""

    name: str
    kind: ExchangeKind
    arguments: Mapping[str, Argument] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable queue; with `exclusive` a transient one that dies with its connection."""

    name: str
    #: Always carries an explicit `x-queue-type` unless the queue is exclusive.
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Binding:
    """A queue wants what an exchange gets under a routing key (a pattern on topic exchanges)."""

    exchange: str
    queue: str
    key: str


Part = Exchange | Queue | Binding
