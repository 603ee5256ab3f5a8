"""A request that is made twice under one idempotency key is carried out once."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest

from durian.broker.port import Done
from durian.errors import BrokerUnavailable, RegistryUnavailable
from durian.registry.store import Store
from tests.support.api import INVALID, Api

NEW = {"name": "ci", "scopes": ["read"]}


def key(text: str) -> dict[str, str]:
    return {"Idempotency-Key": text}


def test_the_same_answer_comes_again(api: Api) -> None:
    ask = api.asker("admin")
    first = ask("POST", "/v1/tokens", json=NEW, headers=key("a"))
    again = ask("POST", "/v1/tokens", json=NEW, headers=key("a"))

    assert first.status_code == again.status_code == HTTPStatus.CREATED
    assert first.content == again.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert len(api.store.list_tokens()) == 2


def test_another_key_or_another_caller_is_another_request(api: Api) -> None:
    ask = api.asker("admin")
    told = [
        ask.post("/v1/tokens", NEW, headers=key("a"))["id"],
        ask.post("/v1/tokens", NEW, headers=key("b"))["id"],
        api.asker("admin").post("/v1/tokens", NEW, headers=key("a"))["id"],
        ask.post("/v1/tokens", NEW)["id"],
        ask.post("/v1/tokens", NEW)["id"],
    ]
    assert len(set(told)) == 5


@pytest.mark.parametrize(
    "other",
    [
        {"json": {"name": "other", "scopes": ["read"]}},
        {"json": NEW, "params": {"x": "1"}},
        {"json": NEW, "headers": {"If-Match": '"v1"'}},
    ],
)
def test_another_request_under_the_key_is_refused(api: Api, other: dict[str, Any]) -> None:
    ask = api.asker("admin")
    ask.post("/v1/tokens", NEW, headers=key("a"))
    headers = key("a") | other.pop("headers", {})
    response = ask("POST", "/v1/tokens", headers=headers, **other)
    assert response.status_code in INVALID
    assert response.json()["errors"] == [
        {"detail": "was used for another request", "header": "Idempotency-Key"}
    ]


def test_what_was_refused_or_failed_may_be_tried_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = api.asker("admin")
    assert ask("POST", "/v1/tokens", json={}, headers=key("a")).status_code in INVALID
    ask.post("/v1/tokens", NEW, headers=key("a"))

    with monkeypatch.context() as away:

        def publish(_message: object, _to: object, done: Done) -> None:
            done(BrokerUnavailable())

        away.setattr(api.broker, "publish", publish)
        event = {"specversion": "1.0", "id": "1", "source": "/", "type": "t"}
        headers = key("b") | {"Content-Type": "application/cloudevents+json"}
        assert ask("POST", "/v1/events", json=event, headers=headers).status_code == 503
    assert ask("POST", "/v1/events", json=event, headers=headers).status_code == 202


def test_a_request_under_way_is_not_carried_out_beside(api: Api) -> None:
    ask = api.asker("admin")
    token_id = api.store.list_tokens()[0].id
    api.store.begin_answer(token_id, "a", "whatever")
    assert ask("POST", "/v1/tokens", json=NEW, headers=key("a")).status_code in INVALID
    api.store.drop_answer(token_id, "a")

    digests: list[str] = []

    def begin(_self: Store, _caller: str, _key: str, request: str) -> None:
        digests.append(request)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Store, "begin_answer", begin)
        ask.post("/v1/tokens", NEW, headers=key("a"))
    api.store.begin_answer(token_id, "a", digests[0])
    response = ask("POST", "/v1/tokens", json=NEW, headers=key("a"))
    assert response.status_code == HTTPStatus.CONFLICT
    assert response.json()["code"] == "under_way"
    assert "under way" in response.json()["detail"]


@pytest.mark.parametrize("text", ["", "x" * 256, "a\tb", "ü"])
def test_a_key_that_is_none_is_refused(api: Api, text: str) -> None:
    headers: Any = {"Idempotency-Key": text.encode("latin-1")}
    response = api.asker("admin")("POST", "/v1/tokens", json=NEW, headers=headers)
    assert response.status_code in INVALID
    assert response.json()["errors"][0]["header"] == "Idempotency-Key"


def test_a_key_means_nothing_to_a_question(api: Api) -> None:
    ask = api.asker("read")
    assert ask("GET", "/v1/hooks", headers=key("x" * 999)).is_success


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise RegistryUnavailable

    monkeypatch.setattr(Store, "keep_answer", away)
    assert api.asker("admin").post("/v1/tokens", NEW, headers=key("a"))["token"]
