"""Measures: what a process counts of its own work, for whoever reads it out.

Parts of Durian write them and know nothing of who reads: an adapter for Prometheus, a line in the
log, a test. Each has one thread that writes; any thread may read, and sees numbers that may be a
moment apart from each other. Writing takes no lock and costs some hundred nanoseconds.
"""

from __future__ import annotations

from durian.measures.age import Age
from durian.measures.histogram import DURATIONS_S, Histogram
from durian.measures.tally import OTHER, Tally

__all__ = ["DURATIONS_S", "OTHER", "Age", "Histogram", "Tally"]
