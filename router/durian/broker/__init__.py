"""How Durian talks to a message broker: the port, the parts, the topology; drivers stay out.

Adapters: `durian.broker.rabbit` (needs pika) and `durian.broker.memory`.
"""

from __future__ import annotations

from durian.broker.clock import Clock, FakeClock, SystemClock
from durian.broker.parts import Binding, Exchange, Part, Queue
from durian.broker.port import Address, Broker, Done, Received, Subscription, Timer
from durian.broker.topology import Topology

__all__ = [
    "Address",
    "Binding",
    "Broker",
    "Clock",
    "Done",
    "Exchange",
    "FakeClock",
    "Part",
    "Queue",
    "Received",
    "Subscription",
    "SystemClock",
    "Timer",
    "Topology",
]
