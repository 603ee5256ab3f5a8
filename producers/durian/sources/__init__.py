"""Webhooks in: other systems' webhooks, verified in their own way, become events.

`receive` takes a request and the source it came to, and returns the event.
"""

from __future__ import annotations

from durian.sources.receive import receive

__all__ = ["receive"]
