"""Ways to publish events; `Producer` and `AsyncProducer` speak AMQP to RabbitMQ."""

from __future__ import annotations

from durian.producers.asynchronous import AsyncProducer
from durian.producers.pipeline import PartlyEmitted
from durian.producers.policy import PublishPolicy
from durian.producers.producer import Producer

__all__ = ["AsyncProducer", "PartlyEmitted", "Producer", "PublishPolicy"]
