"""The metrics of several processes behind one port, told apart by the label `process`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.registry import Collector

__all__ = ["Gathered", "Metric"]


class Gathered(Collector):
    """Keeps what each process told last, and tells it to whoever scrapes.

    The numbers are as old as the last word of their process. Safe to share by threads.
    """

    def __init__(self, *sources: Collector) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(self)
        for source in sources:
            self.registry.register(source)
        self._told: dict[int, Sequence[Metric]] = {}

    def put(self, process: int, families: Sequence[Metric]) -> None:
        """Take what a process tells, instead of what it told before."""
        self._told = {**self._told, process: families}

    def forget(self, process: int) -> None:
        """A process has ended: what it told is true no longer."""
        self._told = {number: told for number, told in self._told.items() if number != process}

    def collect(self) -> Iterable[Metric]:
        """Join the families of all processes."""
        joined: dict[str, Metric] = {}
        for number, families in sorted(self._told.items()):
            for family in families:
                whole = joined.get(family.name)
                if whole is None:
                    whole = Metric(family.name, family.documentation, family.type, family.unit)
                    joined[family.name] = whole
                whole.samples += [
                    sample._replace(labels={**sample.labels, "process": str(number)})
                    for sample in family.samples
                ]
        return joined.values()
