"""Filters that other systems stored, turned into a listener's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Api

EVENTBRIDGE = "/v1/filters/from-eventbridge"
SUBSCRIPTION = "/v1/filters/from-subscription"
PATTERN = {"source": ["/shop"], "detail": {"total": [{"numeric": [">=", 100]}]}}
EVENT = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.paid"}


@pytest.mark.parametrize(
    ("path", "stored"),
    [
        (EVENTBRIDGE, {"pattern": PATTERN}),
        (SUBSCRIPTION, {"filters": [{"prefix": {"source": "/sh"}}]}),
    ],
)
def test_a_filter_of_another_system_becomes_one_that_a_listener_takes(
    path: str, stored: dict[str, Any], api: Api
) -> None:
    ask = api.asker("manage")
    found = ask.post(path, stored)
    new = {"url": "https://joe.example/", "event": "#", "filter": found["filter"]}
    assert ask.post("/v1/listeners", new)["filter"] == found["filter"]
    trial = {"filter": found["filter"], "event": EVENT | {"data": {"total": 100}}}
    assert ask.post("/v1/filters/test", trial)["matches"]
    missed = {"filter": found["filter"], "event": EVENT | {"source": "/else"}}
    assert not ask.post("/v1/filters/test", missed)["matches"]


def test_a_pattern_may_speak_of_the_data_alone(api: Api) -> None:
    stored = {"pattern": {"source": ["web"]}, "envelope": False}
    found = api.asker("read").post(EVENTBRIDGE, stored)
    assert found == {"filter": {"source": "web"}, "short": "source=web"}


@pytest.mark.parametrize(
    ("path", "stored", "told"),
    [
        (EVENTBRIDGE, {"pattern": {"version": ["0"]}}, (422, "#/pattern", "version: has no")),
        (SUBSCRIPTION, {"filters": [{"sql": "1"}]}, (422, "#/filters", "filters[0].sql")),
        (EVENTBRIDGE, {}, (400, "#/pattern", "is missing")),
        (SUBSCRIPTION, {"filters": "x"}, (400, "#/filters", "must be a list")),
    ],
)
def test_what_is_no_filter_there_is_refused_by_its_place(
    path: str, stored: dict[str, Any], told: tuple[int, str, str], api: Api
) -> None:
    status, pointer, reason = told
    response = api.asker("read")("POST", path, json=stored)
    [fault] = response.json()["errors"]
    assert (response.status_code, fault["pointer"]) == (status, pointer)
    assert reason in fault["detail"]
