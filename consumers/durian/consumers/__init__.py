"""Consumers: the ways out, from a listener's queue to its URL."""

from __future__ import annotations

from durian.consumers.breaker import BreakerRules
from durian.consumers.consumer import DeliveryConsumer, DeliveryStore
from durian.consumers.deliverer import Counts
from durian.consumers.record_writer import AttemptLog, RecorderCounts
from durian.consumers.recorder import Recorder

__all__ = [
    "AttemptLog",
    "BreakerRules",
    "Counts",
    "DeliveryConsumer",
    "DeliveryStore",
    "Recorder",
    "RecorderCounts",
]
