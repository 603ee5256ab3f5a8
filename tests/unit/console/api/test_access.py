"""Nothing is reached without a token, and no route without its scope."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from durian.console.api import gatekeeper
from durian.console.api.access import OPENAPI_PATH
from durian.console.api.gatekeeper import FRESH_S, STALE_S, Gatekeeper
from durian.errors import RateLimited, RegistryUnavailable
from durian.registry.store import Store
from durian.registry.token import SCOPES, Scope, Token, new_token_text
from tests.support.api import Api

#: What may be asked by anybody: whether the process lives, and what the API looks like.
PUBLIC = {("GET", "/livez"), ("GET", "/readyz"), ("GET", OPENAPI_PATH)}

#: What shows a signature instead of a token: webhooks of other systems.
SIGNED = {("POST", "/in/{name}")}

#: Where the web pages lie, which have tests of their own, and the way to them.
PAGES = {(method, path) for method in ("", "GET") for path in ("/console", "/portal/{key}")}
PAGES.add(("GET", "/"))

#: What needs a token, whatever its scopes.
ANY_SCOPE = {("GET", "/v1/token")}

#: The scope that each other route needs.
NEEDED: dict[tuple[str, str], Scope] = {
    ("GET", "/metrics"): "read",
    ("GET", "/v1/hooks"): "read",
    ("GET", "/v1/hooks/{name}"): "read",
    ("PUT", "/v1/hooks/{name}"): "manage",
    ("DELETE", "/v1/hooks/{name}"): "manage",
    ("GET", "/v1/listeners"): "read",
    ("POST", "/v1/listeners"): "manage",
    ("GET", "/v1/listeners/{listener_id}"): "read",
    ("PATCH", "/v1/listeners/{listener_id}"): "manage",
    ("DELETE", "/v1/listeners/{listener_id}"): "manage",
    ("POST", "/v1/listeners/{listener_id}/pause"): "manage",
    ("POST", "/v1/listeners/{listener_id}/resume"): "manage",
    ("POST", "/v1/listeners/{listener_id}/rotate-secret"): "manage",
    ("POST", "/v1/listeners/{listener_id}/test"): "manage",
    ("POST", "/v1/filters/test"): "read",
    ("POST", "/v1/filters/preview"): "read",
    ("POST", "/v1/filters/from-eventbridge"): "read",
    ("POST", "/v1/filters/from-subscription"): "read",
    ("POST", "/v1/events"): "publish",
    ("GET", "/v1/events"): "read",
    ("GET", "/v1/events/{event_id}"): "read",
    ("GET", "/v1/explain"): "read",
    ("GET", "/v1/attempts"): "read",
    ("GET", "/v1/deliveries"): "read",
    ("GET", "/v1/deliveries/{webhook_id}"): "read",
    ("GET", "/v1/dead-letters"): "read",
    ("GET", "/v1/listeners/{listener_id}/dead-letters"): "read",
    ("POST", "/v1/listeners/{listener_id}/dead-letters/replay"): "replay",
    ("POST", "/v1/listeners/{listener_id}/dead-letters/purge"): "manage",
    ("GET", "/v1/replays"): "read",
    ("GET", "/v1/replays/{replay_id}"): "read",
    ("POST", "/v1/replays/{replay_id}/resume"): "replay",
    ("POST", "/v1/listeners/{listener_id}/replays"): "replay",
    ("POST", "/v1/listeners/{listener_id}/replays/one"): "replay",
    ("POST", "/v1/listeners/{listener_id}/replays/preview"): "read",
    ("GET", "/v1/orphans"): "read",
    ("POST", "/v1/orphans/replay"): "admin",
    ("POST", "/v1/orphans/purge"): "admin",
    ("GET", "/v1/set-aside/{place}"): "read",
    ("GET", "/v1/set-aside/{place}/messages/{message_id}"): "read",
    ("POST", "/v1/set-aside/{place}/replay"): "admin",
    ("POST", "/v1/set-aside/{place}/purge"): "admin",
    ("GET", "/v1/stats"): "read",
    ("GET", "/v1/stats/series"): "read",
    ("GET", "/v1/stats/listeners"): "read",
    ("GET", "/v1/sources"): "read",
    ("POST", "/v1/sources"): "manage",
    ("GET", "/v1/sources/{source_id}"): "read",
    ("DELETE", "/v1/sources/{source_id}"): "manage",
    ("POST", "/v1/sources/{source_id}/rotate-secret"): "manage",
    ("GET", "/v1/jobs"): "read",
    ("GET", "/v1/jobs/{job_id}"): "read",
    ("POST", "/v1/jobs/{job_id}/stop"): "replay",
    ("GET", "/v1/tokens"): "admin",
    ("POST", "/v1/tokens"): "admin",
    ("DELETE", "/v1/tokens/{token_id}"): "admin",
    ("POST", "/v1/portal-links"): "admin",
    ("GET", "/v1/audit"): "admin",
    ("GET", "/v1/deployment"): "admin",
}


def routes(api: Api) -> Iterator[tuple[str, str]]:
    """Every method and path that the application answers, as the document writes it.

    What is mounted has no method.
    """
    for route in iter_route_contexts(api.app.routes):
        assert route.path, route.original_route
        for method in (route.methods or {""}) - {"HEAD"}:
            yield method, route.path.replace(":path}", "}")


def filled(path: str) -> str:
    """A path whose parameters stand for nothing that exists."""
    return path.replace("{", "no-").replace("}", "")


def test_every_route_is_known_here(api: Api) -> None:
    assert set(routes(api)) == PUBLIC | SIGNED | PAGES | ANY_SCOPE | NEEDED.keys()


def test_without_a_token_nothing_is_reached(api: Api) -> None:
    ask = api.asker()
    for method, path in (*ANY_SCOPE, *NEEDED):
        for headers in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer "}):
            response = ask(method, filled(path), headers=headers)
            assert response.status_code == HTTPStatus.UNAUTHORIZED, (method, path)
            assert response.headers["www-authenticate"] == "Bearer"
            assert response.json()["code"] == "not_authenticated"
    for method, path in PUBLIC:
        assert api.asker()(method, path).is_success


def test_without_its_scope_no_route_is_reached(api: Api) -> None:
    askers = {scope: api.asker(scope) for scope in SCOPES}
    allowed = {scope: Token(id="x", name="x", scopes=frozenset({scope}), created_at=0).allowed
               for scope in SCOPES}  # fmt: skip
    for (method, path), needed in NEEDED.items():
        for scope, ask in askers.items():
            status = ask(method, filled(path)).status_code
            refused = status == HTTPStatus.FORBIDDEN
            assert refused == (needed not in allowed[scope]), (method, path, scope, status)
            assert status != HTTPStatus.UNAUTHORIZED


def test_a_path_that_is_not_there_tells_nothing_to_strangers(api: Api) -> None:
    assert api.asker()("GET", "/v1/nothing").status_code == HTTPStatus.UNAUTHORIZED
    assert api.asker("read")("GET", "/v1/nothing").status_code == HTTPStatus.NOT_FOUND


def test_the_document_says_which_scope_is_needed(api: Api) -> None:
    document = api.asker().get(OPENAPI_PATH)
    assert document["openapi"].startswith("3.1")
    for (method, path), scope in NEEDED.items():
        operation = document["paths"][path][method.lower()]
        assert operation["security"] == [{"token": [scope]}], (method, path)


@pytest.mark.parametrize("text", ["durian_aaaaaaaa_" + "x" * 43, "x", "ü", "durian_"])
def test_a_token_that_is_none_is_refused(api: Api, text: str) -> None:
    headers = {b"Authorization": f"Bearer {text}".encode("latin-1")}
    response = api.client.get("/v1/hooks", headers=headers)
    assert response.status_code == HTTPStatus.UNAUTHORIZED


def test_the_token_of_this_machine_allows_everything(registry_copy: str) -> None:
    text = new_token_text("local234")
    with Api(registry_copy, local_token=text) as api:
        headers = {"Authorization": f"Bearer {text}"}
        assert api.client.get("/v1/tokens", headers=headers).is_success
        assert api.client.put("/v1/hooks/person", headers=headers, json={}).is_success
        [entry] = api.store.list_audit().entries
    assert entry.actor == "token local"


def test_a_token_is_told_about_itself(api: Api) -> None:
    told = api.asker("read", owner="acme", name="ours").get("/v1/token")
    assert (told["name"], told["owner"], told["scopes"]) == ("ours", "acme", ["read"])
    assert "token" not in told


def test_its_use_is_noted(api: Api) -> None:
    api.asker("read").get("/v1/hooks")
    [token] = api.store.list_tokens()
    assert token.last_used_at == pytest.approx(time.time(), abs=60)


def test_a_token_that_comes_too_often_is_asked_to_wait(api: Api) -> None:
    ask = api.asker("read", rate_per_s=1)
    answers = [ask("GET", "/v1/hooks") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "1"
    assert api.asker("read")("GET", "/v1/hooks").is_success


class Registry:
    """A registry with one token, which can be revoked, and can be away."""

    def __init__(self) -> None:
        self.text = new_token_text("k3f9qaxy")
        self.token: Token | None = Token(
            id="k3f9qaxy", name="ci", scopes=frozenset({"read"}), created_at=0, rate_per_s=10
        )
        self.away = False
        self.asked = 0

    def find_token(self, text: str) -> Token | None:
        self.asked += 1
        if self.away:
            raise RegistryUnavailable
        return self.token if text == self.text else None


@pytest.fixture
def watch() -> tuple[Registry, Gatekeeper, list[float]]:
    """A registry, its gatekeeper, and the clock as the only element of a list."""
    registry, now = Registry(), [1000.0]
    store: Any = registry
    keeper = Gatekeeper(store, rate_per_s=5, monotonic=lambda: now[0])
    return registry, keeper, now


Watch = tuple[Registry, Gatekeeper, list[float]]


def test_a_token_is_looked_up_every_few_seconds(watch: Watch) -> None:
    registry, keeper, now = watch
    assert keeper.recall(registry.text) is None
    assert keeper.find(registry.text) == registry.token
    now[0] += FRESH_S - 0.1
    assert keeper.recall(registry.text) == registry.token
    now[0] += 0.1
    assert keeper.recall(registry.text) is None
    assert registry.asked == 1


def test_a_token_that_was_revoked_is_forgotten(watch: Watch) -> None:
    registry, keeper, _ = watch
    keeper.find(registry.text)
    registry.token = None
    assert keeper.find(registry.text) is None
    assert keeper.recall(registry.text) is None


def test_while_the_registry_is_away_known_tokens_go_on_for_a_while(watch: Watch) -> None:
    registry, keeper, now = watch
    keeper.find(registry.text)
    registry.away = True
    now[0] += STALE_S
    assert keeper.find(registry.text) == registry.token
    with pytest.raises(RegistryUnavailable):
        keeper.find(new_token_text("k3f9qaxy"))
    now[0] += 0.1
    with pytest.raises(RegistryUnavailable):
        keeper.find(registry.text)


def test_a_rate_allows_bursts_and_fills_up_again(watch: Watch) -> None:
    registry, keeper, now = watch

    def count() -> int:
        for number in itertools.count():
            try:
                keeper.admit(registry.text)
            except RateLimited as error:
                limits.append(error.retry_after_s)
                return number
        return 0

    limits: list[float] = []

    keeper.find(registry.text)
    assert count() == 20
    now[0] += 0.5
    assert count() == 5
    now[0] += 1000
    assert count() == 20
    assert all(0 < limit <= 0.1 for limit in limits)


def test_not_more_tokens_are_remembered_than_there_is_room_for(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, keeper, _ = watch
    monkeypatch.setattr(gatekeeper, "REMEMBERED", 2)
    find: Callable[[str], Token | None] = lambda _text: registry.token  # noqa: E731  # it is one line
    monkeypatch.setattr(registry, "find_token", find)
    for text in ("one", "two", "three"):
        keeper.find(text)
    assert [keeper.recall(text) is None for text in ("one", "two", "three")] == [True, False, False]


def test_when_the_registry_is_away_the_answer_says_so(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_self: Store, _text: str) -> Token:
        raise RegistryUnavailable

    ask = api.asker("read")
    monkeypatch.setattr(Store, "find_token", away)
    response = ask("GET", "/v1/hooks")
    assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert json.loads(response.text)["code"] == "registry_unavailable"
    assert int(response.headers["retry-after"]) > 0
