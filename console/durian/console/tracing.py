"""Sending spans to where OpenTelemetry's own variables say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from durian.errors import MissingExtra

#: Any of them asks for traces (OpenTelemetry's specification of environment variables).
_VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


@contextmanager
def traced(role: str) -> Iterator[None]:
    """Send the spans of this process for the length of the block, if its environment says where.

    Raises MissingExtra when what sends them is not installed.
    """
    if not any(os.environ.get(name) for name in _VARIABLES):
        yield
        return
    try:
        from opentelemetry import trace  # noqa: PLC0415  # optional
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415  # optional
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  # optional
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415  # optional
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415  # optional
    except ModuleNotFoundError as exc:
        raise MissingExtra("otel", exc.name or "opentelemetry") from exc
    # Else what is given here would beat the variable.
    name = os.environ.get("OTEL_SERVICE_NAME") or f"durian-{role}"
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()
