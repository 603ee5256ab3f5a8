"""Consumers: the ways out, from a listener's queue to its URL."""

from __future__ import annotations

from durian.consumers.consumer import DeliveryConsumer, DeliveryStore
from durian.consumers.deliverer import Counts

__all__ = ["Counts", "DeliveryConsumer", "DeliveryStore"]
