"""Other systems' filters, turned into ours: what cannot be said is refused with its path."""

from __future__ import annotations

from durian.match.dialects.cloudevents import from_subscription
from durian.match.dialects.eventbridge import from_eventbridge

__all__ = ["from_eventbridge", "from_subscription"]
