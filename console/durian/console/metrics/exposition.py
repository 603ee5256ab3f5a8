"""The exposition: what is read now, in the text that Prometheus scrapes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from durian.console.metrics.catalogue import Metric, Reading, Source
from durian.measures import Histogram

Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily


class Exposition:
    """Reads all sources of a process whenever it is asked."""

    def __init__(self, *sources: Source) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(Reader(sources))
        # What Python and the system know of the process: memory, processor, open files.
        for kind in (ProcessCollector, PlatformCollector, GCCollector):
            kind(registry=self.registry)

    def render(self, accept: str) -> tuple[str, bytes]:
        """Write everything as an Accept header wants it; return the content type as well."""
        encode, content_type = choose_encoder(accept)
        return content_type, encode(self.registry)


class Reader(Collector):
    """What prometheus_client asks for families: reads sources whenever it is asked."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = tuple(sources)

    def collect(self) -> Iterable[Family]:
        """Read all sources now."""
        families: dict[str, Family] = {}
        for source in self._sources:
            for reading in source():
                family = families.get(reading.metric.name)
                if family is None:
                    family = families[reading.metric.name] = _family(reading.metric)
                _add(family, reading)
        return families.values()

    def describe(self) -> Iterable[Family]:
        """Nothing: without it, registering would read everything before it has begun."""
        return ()


def _family(metric: Metric) -> Family:
    kinds: dict[str, type[Family]] = {
        "counter": CounterMetricFamily,
        "gauge": GaugeMetricFamily,
        "histogram": HistogramMetricFamily,
    }
    return kinds[metric.kind](metric.name, metric.meaning, labels=metric.labels)


def _add(family: Family, reading: Reading) -> None:
    value = reading.value
    if isinstance(value, Histogram):
        assert isinstance(family, HistogramMetricFamily)  # noqa: S101  # the catalogue says so
        bounds = [*map(floatToGoString, value.bounds), "+Inf"]
        sums = accumulate(tuple(value.counts))
        family.add_metric(reading.labels, list(zip(bounds, sums, strict=True)), value.total)
    else:
        assert not isinstance(family, HistogramMetricFamily)  # noqa: S101  # the same
        family.add_metric(reading.labels, float(value))
