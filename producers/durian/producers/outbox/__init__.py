"""The transactional outbox: events leave with the transaction that they tell of, or not at all.

A program writes an event as a row into a table of its own database, within the transaction whose
outcome it tells. A relay publishes the rows of committed transactions, and marks each when the
broker has it safely.
"""

from __future__ import annotations

from durian.events.document import text_of
from durian.producers.outbox.port import Claim, Emitter, Row, Store
from durian.producers.outbox.relay import Relay

__all__ = ["Claim", "Emitter", "Relay", "Row", "Store", "text_of"]
