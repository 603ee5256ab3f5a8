"""Filters that other systems stored, turned into a listener's."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from tests.support.api import Api

EVENTBRIDGE = "/v1/filters/from-eventbridge"
SUBSCRIPTION = "/v1/filters/from-subscription"
TRIAL = "/v1/filters/test"
JSON = {"Content-Type": "application/json"}
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
        (
            EVENTBRIDGE,
            {"pattern": {"detail": {"a": ["\ud800"]}}},
            (422, "#/pattern", "detail.a[0]: "),
        ),
        (
            EVENTBRIDGE,
            {"pattern": {"detail": {"a": [math.inf]}}},
            (422, "#/pattern", "detail.a[0]: "),
        ),
        (EVENTBRIDGE, {"pattern": {"detail": {"": ["x"]}}}, (422, "#/pattern", "an empty name")),
        (
            EVENTBRIDGE,
            {"pattern": {"detail": {"\ud800": ["x"]}}},
            (422, "#/pattern", "JSON cannot"),
        ),
        (EVENTBRIDGE, {"pattern": {"\ud800": ["x"]}}, (422, "#/pattern", "?: has no counterpart")),
        (
            SUBSCRIPTION,
            {"filters": [{"exact": {"id": "\ud800"}}]},
            (422, "#/filters", "exact.id: "),
        ),
        (
            SUBSCRIPTION,
            {"filters": [{"\ud800": {"id": "x"}}]},
            (422, "#/filters", "is not a dialect"),
        ),
        (TRIAL, {"filter": {"\ud800": 1}, "event": EVENT}, (422, "#/filter", "JSON cannot")),
        (TRIAL, {"filter": {"@\ud800": 1}, "event": EVENT}, (422, "#/filter", "@?: is not")),
        (EVENTBRIDGE, {}, (400, "#/pattern", "is missing")),
        (SUBSCRIPTION, {"filters": "x"}, (400, "#/filters", "must be a list")),
    ],
)
def test_what_is_no_filter_there_is_refused_by_its_place(
    path: str, stored: dict[str, Any], told: tuple[int, str, str], api: Api
) -> None:
    status, pointer, reason = told
    # As clients write it that are less strict than ours: NaN, Infinity and lone surrogates too.
    response = api.asker("read")("POST", path, content=json.dumps(stored), headers=JSON)
    [fault] = response.json()["errors"]
    assert (response.status_code, fault["pointer"]) == (status, pointer)
    assert reason in fault["detail"]
