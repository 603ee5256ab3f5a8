"""Ways to publish events; `Producer` speaks AMQP to RabbitMQ."""

from __future__ import annotations

from durian.producers.pipeline import PartlyEmitted
from durian.producers.policy import PublishPolicy
from durian.producers.producer import Producer

__all__ = ["PartlyEmitted", "Producer", "PublishPolicy"]
