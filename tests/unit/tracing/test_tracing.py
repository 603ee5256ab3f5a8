"""One trace leads from where an event was emitted to each attempt."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from durian.broker.blocking import publish_all
from durian.broker.port import Address
from durian.console.demo.play import open_stage
from durian.console.demo.scene import EVENTS
from durian.events import Event, amqp
from durian.producers.maker import Maker
from durian.tracing import attempted, otel, routing_of, stamped
from tests.support.api import Api
from tests.support.cli import look_until
from tests.support.registry import put_registry

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """What a program would set up for all of it, for one test."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(otel, "_tracer", lambda: provider.get_tracer("durian"))
    yield exporter
    provider.shutdown()


def trace_of(span: ReadableSpan) -> str:
    context = span.get_span_context()
    assert context is not None
    return f"{context.trace_id:032x}"


def test_one_trace_spans_emit_route_and_attempt(exporter: InMemorySpanExporter) -> None:
    event_type, data = EVENTS[0]
    maker = Maker(None, "/test")
    with open_stage() as stage:
        event = maker.event(event_type, dict(data), subject=None, source=None)
        to = Address(stage.house.names.events, event.type)
        publish_all(stage.house.broker, [(maker.message(event), to)])
        stage.emitted += 1
        attempts = len(list(stage.settle()))
        assert attempts

        def told() -> tuple[ReadableSpan, ...] | None:
            spans = exporter.get_finished_spans()
            return spans if len(spans) >= attempts + 2 else None

        spans = look_until(told)
    emit, *rest = sorted(spans, key=lambda span: span.name != "durian emit")
    names = sorted(span.name for span in rest)
    assert names == ["durian attempt"] * attempts + ["durian route"]
    assert {trace_of(span) for span in spans} == {event.attributes["traceparent"].split("-")[1]}
    context = emit.get_span_context()
    assert context is not None
    assert {span.parent.span_id for span in rest if span.parent} == {context.span_id}
    assert {span.kind for span in rest} == {SpanKind.CONSUMER, SpanKind.CLIENT}


def test_an_event_that_has_a_trace_keeps_it(exporter: InMemorySpanExporter) -> None:
    event = Event(type="person", extensions={"traceparent": PARENT})
    assert stamped(event) is event
    assert exporter.get_finished_spans() == ()


def test_an_emit_belongs_to_the_trace_it_is_made_in(exporter: InMemorySpanExporter) -> None:
    tracer = TracerProvider().get_tracer("program")
    with tracer.start_as_current_span("request") as outer:
        event = stamped(Event(type="person", body=b'{"n": 1.50}'))
    wanted = f"{outer.get_span_context().trace_id:032x}"
    assert event.attributes["traceparent"].split("-")[1] == wanted
    assert event.body == b'{"n": 1.50}'
    [emit] = exporter.get_finished_spans()
    assert emit.attributes is not None
    assert emit.attributes["cloudevents.event_id"] == event.id


def test_an_attempt_that_failed_says_why(exporter: InMemorySpanExporter) -> None:
    event = Event(type="person", extensions={"traceparent": PARENT})
    headers = amqp.encode(event).headers
    attempted(headers, 10.0, 12.5, about={"durian.listener": "joe"}, error="status 500")
    [span] = exporter.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "status 500"
    assert (span.start_time, span.end_time) == (10_000_000_000, 12_500_000_000)
    assert span.attributes is not None
    assert span.attributes["durian.listener"] == "joe"
    assert trace_of(span) == PARENT.split("-")[1]


def test_what_has_no_trace_is_not_told(exporter: InMemorySpanExporter) -> None:
    event = Event(type="person")
    assert routing_of(event, 1) is None
    attempted(amqp.encode(event).headers, 1.0, 2.0, about={})
    assert exporter.get_finished_spans() == ()


def test_without_opentelemetry_or_its_setup_an_event_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event = Event(type="person")
    for tracer in (None, trace.NoOpTracer()):
        monkeypatch.setattr(otel, "_tracer", lambda tracer=tracer: tracer)
        assert stamped(event) is event
        carrier = {"traceparent": PARENT}
        otel.tell("durian route", "consumer", carrier, when=(1.0, 2.0), about={})


def test_nothing_is_made_until_a_program_sets_it_up() -> None:
    assert otel._tracer() is None
    assert stamped(Event(type="person")).attributes.get("traceparent") is None


def test_where_nobody_traces_nothing_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python does not remember that a package is missing: it searches its whole path each time."""
    monkeypatch.delitem(sys.modules, "opentelemetry.trace")
    assert otel.begin("emit person", {}) == {}
    assert "opentelemetry.trace" not in sys.modules


def test_an_event_that_comes_by_http_belongs_to_the_trace_of_its_request(
    exporter: InMemorySpanExporter, tmp_path: Path
) -> None:
    put_registry(tmp_path)
    event = {"specversion": "1.0", "id": "e1", "type": "person", "source": "/shop", "data": {}}
    kind = {"Content-Type": "application/cloudevents+json"}
    with Api(f"sqlite:///{tmp_path}/durian.db") as api:
        ask = api.asker("publish", "read")
        for number, headers in enumerate(({"Traceparent": PARENT}, {}, {"traceparent": "odd"})):
            body = json.dumps(event | {"id": f"e{number}"})
            assert ask("POST", "/v1/events", content=body, headers=kind | headers).is_success
        messages = api.broker.messages(api.names.route)
    traces = [str(message.headers["ce-traceparent"]).split("-") for message in messages]
    spans = exporter.get_finished_spans()
    assert [trace_of(span) for span in spans] == [one[1] for one in traces]
    assert traces[0][1] == PARENT.split("-")[1]
    assert spans[0].parent is not None
    assert f"{spans[0].parent.span_id:016x}" == PARENT.split("-")[2]
    assert [span.parent for span in spans[1:]] == [None, None]
