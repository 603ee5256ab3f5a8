"""An open breaker: what delivery processes tell one another about a listener that fails."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBreaker:
    """The breaker of a listener that fails. Moments are in seconds since the epoch.

    A listener without one is delivered to as usual.
    """

    listener_id: str
    #: When the first attempt failed after the last that did not.
    failing_since: float
    #: Failed attempts since then, as far as one process knows of them.
    failures: int
    opened_at: float
    #: No attempt is made before.
    next_probe_at: float
    #: How many probes failed since it was opened.
    probes: int = 0
    #: The process that makes the next probe; empty while nobody does.
    holder: str = ""
