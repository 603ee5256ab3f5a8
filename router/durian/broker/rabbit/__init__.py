"""The RabbitMQ adapter of the Broker port, on pika: the only package that imports it."""

from __future__ import annotations

import logging

from durian.broker.rabbit.broker import RabbitBroker

__all__ = ["RabbitBroker"]

# pika tells every lost connection several times, with tracebacks; our own events say it once.
# Whoever wants its words sets a level of their own.
_pika = logging.getLogger("pika")
if _pika.level == logging.NOTSET:
    _pika.setLevel(logging.CRITICAL)
