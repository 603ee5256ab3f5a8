"""A client of Durian's REST API: thin, one method for each thing that is often asked."""

from __future__ import annotations

from durian.client.client import Client, Progress
from durian.client.problem import JobFailed

__all__ = ["Client", "JobFailed", "Progress"]
