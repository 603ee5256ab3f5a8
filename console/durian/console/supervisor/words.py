"""What a child says to its parent, over a pipe of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from durian.console.metrics.gathered import Metric


@dataclass(frozen=True, slots=True)
class Alive:
    """It does its work, and its broker answers; the first one means that it is ready."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It ends, for a reason that a person can read."""

    #: The error as `durian.console.operations.failure` writes it.
    told: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Measured:
    """What its metrics are."""

    families: Sequence[Metric]


Word = Alive | Failed | Measured
