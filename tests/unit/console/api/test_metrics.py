"""`/metrics` of the HTTP face: behind a token, and requests are counted."""

from __future__ import annotations

from functools import partial

from durian.console.api.measured import HttpMeasures
from durian.console.metrics import Exposition, sources
from tests.support.api import Api


def test_metrics_are_for_tokens_that_may_read_everything(api: Api) -> None:
    answered = api.asker("read")("GET", "/metrics")
    assert answered.status_code == 200
    assert answered.headers["content-type"].startswith("text/plain; version=")
    assert "process_cpu_seconds_total" in answered.text
    assert api.asker()("GET", "/metrics").status_code == 401
    assert api.asker("publish")("GET", "/metrics").status_code == 403
    assert api.asker("read", owner="acme")("GET", "/metrics").status_code == 403


def test_they_come_as_openmetrics_for_who_asks_for_it(api: Api) -> None:
    wanted = {"Accept": "application/openmetrics-text; version=1.0.0"}
    answered = api.asker("read")("GET", "/metrics", headers=wanted)
    assert answered.headers["content-type"].startswith("application/openmetrics-text")
    assert answered.text.endswith("# EOF\n")


def test_requests_are_counted_by_operation_and_not_by_address(registry_copy: str) -> None:
    http = HttpMeasures()
    exposition = Exposition(partial(sources.of_http, http))
    with Api(registry_copy, http=http, exposition=exposition) as api:
        ask = api.asker("read")
        for name in ("one", "two"):
            ask("GET", f"/v1/listeners/{name}")
        ask("GET", "/somewhere/else")
        ask("FETCH", "/somewhere/else")
        api.asker()("GET", "/v1/listeners")
        text = ask("GET", "/metrics").text
    for method, operation, count in (
        ("GET", "get_listener", 2), ("GET", "(other)", 2), ("(other)", "(other)", 1),
    ):  # fmt: skip
        labels = f'method="{method}",operation="{operation}",status="4xx"'
        assert f"durian_http_requests_total{{{labels}}} {count}.0\n" in text
    assert "durian_http_request_seconds_count 5.0" in text
