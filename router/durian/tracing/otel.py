"""What is asked of OpenTelemetry; the only place of the core that knows it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer, TracerProvider

#: Facts of a span.
About = Mapping[str, str | int]

Kind = Literal["consumer", "client"]

_NS_IN_S: Final = 1_000_000_000


def begin(name: str, about: About, carrier: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Make a span of the trace that is carried or under way, or a new one; return what carries it.

    Nothing, where nobody traces.
    """
    tracer = _tracer()
    if tracer is None:
        return {}
    from opentelemetry.trace import SpanKind  # noqa: PLC0415  # as below
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415  # as below
        TraceContextTextMapPropagator,
    )

    carried: dict[str, str] = {}
    propagator, kind = TraceContextTextMapPropagator(), SpanKind.PRODUCER
    within = propagator.extract(carrier) if carrier else None
    with tracer.start_as_current_span(name, context=within, kind=kind, attributes={**about}):
        propagator.inject(carried)
    return carried


def tell(
    name: str,
    kind: Kind,
    carrier: Mapping[str, str],
    *,
    when: tuple[float, float],
    about: About,
    error: str = "",
) -> None:
    """Tell a span that is over, of the trace that is carried.

    `when` it began and ended, in seconds since the epoch.
    """
    tracer = _tracer()
    if tracer is None:
        return
    from opentelemetry.trace import SpanKind, Status, StatusCode  # noqa: PLC0415  # as below
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415  # as below
        TraceContextTextMapPropagator,
    )

    span = tracer.start_span(
        name,
        context=TraceContextTextMapPropagator().extract(carrier),
        kind=SpanKind.CONSUMER if kind == "consumer" else SpanKind.CLIENT,
        attributes={**about},
        start_time=round(when[0] * _NS_IN_S),
    )
    if error:
        span.set_status(Status(StatusCode.ERROR, error))
    span.end(round(when[1] * _NS_IN_S))


def _tracer() -> Tracer | None:
    """The program's tracer; None without OpenTelemetry, and until the program sets it up."""
    # Whoever traces has loaded it. To look for what is not installed would take longer each time
    # than all else about an event.
    if "opentelemetry.trace" not in sys.modules:
        return None
    from opentelemetry import trace  # noqa: PLC0415  # optional

    provider = trace.get_tracer_provider()
    return None if isinstance(provider, trace.ProxyTracerProvider) else _of(provider)


@cache
def _of(provider: TracerProvider) -> Tracer:
    return provider.get_tracer("durian")
