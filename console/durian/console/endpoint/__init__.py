"""A listening endpoint: it receives webhooks, verifies them, and can play a bad receiver."""

from __future__ import annotations

from durian.console.endpoint.arrival import Arrival, Verify
from durian.console.endpoint.mood import Mood
from durian.console.endpoint.server import Endpoint

__all__ = ["Arrival", "Endpoint", "Mood", "Verify"]
