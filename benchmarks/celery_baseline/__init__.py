"""The same job done with Celery and requests on the same broker: what Durian is compared with."""

from __future__ import annotations

from benchmarks.celery_baseline.run import Baseline

__all__ = ["Baseline"]
