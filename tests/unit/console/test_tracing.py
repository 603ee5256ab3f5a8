"""Processes send their spans where the variables of OpenTelemetry say."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace

from durian.console.tracing import traced
from durian.errors import MissingExtra
from tests.support.collector import VARIABLE, Collector, collecting


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as collector:
        monkeypatch.setenv(VARIABLE, collector.url)
        yield collector


def test_spans_are_sent_at_the_end_at_the_latest(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A program may set it but once.
    providers: list[Any] = []
    monkeypatch.setattr(trace, "set_tracer_provider", providers.append)
    with traced("router"):
        providers[0].get_tracer("durian").start_span("durian route").end()
    [(path, body)] = collector.taken
    assert path == "/v1/traces"
    assert b"durian route" in body
    assert b"durian-router" in body


def test_nothing_is_set_up_that_nobody_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    with traced("router"):
        assert isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


@pytest.mark.usefixtures("collector")
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(MissingExtra) as caught, traced("router"):
        pass
    assert "durian[otel]" in caught.value.advice
