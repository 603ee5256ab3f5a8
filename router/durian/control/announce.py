"""Telling every process that the registry changed."""

from __future__ import annotations

import logging

from durian.broker.port import Address, Broker
from durian.broker.topology import Topology
from durian.errors import BrokerError, Unroutable
from durian.events.message import Message

_log = logging.getLogger(__name__)


def announce(broker: Broker, topology: Topology) -> None:
    """Tell every process to look at the registry now; returns at once.

    The message carries nothing: the registry is the truth, and whoever misses the message finds
    the change when it reconciles on its timer.
    """
    broker.publish(Message(body=b""), Address(topology.control, ""), _announced)


def _announced(error: BrokerError | None) -> None:
    """Nobody listening is not worth a word; anything else is, though the timer makes up for it."""
    if error is not None and not isinstance(error, Unroutable):
        _log.warning("registry.announce_failed error=%s", error)
