"""POST /in/NAME: other systems' webhooks become events."""

from __future__ import annotations

from durian.console.inbound.known import KnownSources
from durian.console.inbound.webhooks import route

__all__ = ["KnownSources", "route"]
