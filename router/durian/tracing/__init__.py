"""Traces by OpenTelemetry, carried by the distributed-tracing extension of CloudEvents.

An event that is emitted inside a trace carries it as its attributes `traceparent` and `tracestate`
(W3C Trace Context), and what becomes of the event is told as spans of that trace: `durian emit`,
`durian route` and `durian attempt`. The extension names the trace in which the event began, so no
hop replaces it: route and attempts are children of the emit.

Without `opentelemetry`, or where a program has not set it up, nothing happens.
"""

from __future__ import annotations

from durian.tracing.spans import Routing, attempted, is_traced, routing_of, stamped

__all__ = ["Routing", "attempted", "is_traced", "routing_of", "stamped"]
