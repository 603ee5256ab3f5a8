"""Metrics for Prometheus: what there is, where it is read, and how it is served.

Nothing else imports `prometheus_client`: the parts of Durian count for themselves
(`durian.measures`), and are read when somebody scrapes.
"""

from __future__ import annotations

from durian.console.metrics.exposition import Exposition
from durian.console.metrics.serve import serving

__all__ = ["Exposition", "serving"]
