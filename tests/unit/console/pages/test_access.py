"""No page is seen without logging in, and none without its scope."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

import pytest

from durian.registry.token import SCOPES, Scope, with_implied
from tests.support.api import Api
from tests.support.pages import Visitor, logged_in, routes_of

#: What anybody may ask for: how to log in, and out.
PUBLIC = {("GET", "/login"), ("POST", "/login"), ("POST", "/logout")}

#: The pages of listeners and what goes with them, at the console and in the portal.
OWNED: dict[tuple[str, str], Scope] = {
    ("GET", "/listeners"): "read",
    ("GET", "/listeners/new"): "manage",
    ("POST", "/listeners/new"): "manage",
    ("GET", "/listeners/{listener_id}"): "read",
    ("POST", "/listeners/{listener_id}/pause"): "manage",
    ("POST", "/listeners/{listener_id}/resume"): "manage",
    ("POST", "/listeners/{listener_id}/enable"): "manage",
    ("POST", "/listeners/{listener_id}/disable"): "manage",
    ("POST", "/listeners/{listener_id}/test"): "manage",
    ("GET", "/listeners/{listener_id}/rotate"): "manage",
    ("POST", "/listeners/{listener_id}/rotate"): "manage",
    ("GET", "/listeners/{listener_id}/remove"): "manage",
    ("POST", "/listeners/{listener_id}/remove"): "manage",
    ("GET", "/listeners/{listener_id}/filter"): "read",
    ("POST", "/listeners/{listener_id}/filter"): "manage",
    ("GET", "/listeners/{listener_id}/settings"): "read",
    ("POST", "/listeners/{listener_id}/settings"): "manage",
    ("GET", "/listeners/{listener_id}/dead"): "read",
    ("POST", "/listeners/{listener_id}/dead/replay"): "replay",
    ("POST", "/listeners/{listener_id}/dead/purge"): "manage",
    ("POST", "/listeners/{listener_id}/replay"): "replay",
    ("POST", "/filters/preview"): "read",
    ("GET", "/deliveries/{webhook_id}"): "read",
    ("GET", "/deliveries/{webhook_id}/why"): "read",
    ("GET", "/jobs"): "read",
    ("GET", "/jobs/{job_id}"): "read",
    ("POST", "/jobs/{job_id}/stop"): "replay",
    ("GET", "/hooks"): "read",
    ("GET", "/hooks/one"): "read",
    ("GET", "/hooks/edit"): "manage",
    ("POST", "/hooks/edit"): "manage",
    ("POST", "/hooks/remove"): "manage",
    ("POST", "/hooks/publish"): "publish",
    ("GET", "/"): "read",
}

#: Those of the whole deployment, at the console alone.
DEPLOYMENT: dict[tuple[str, str], Scope] = {
    ("GET", "/events"): "read",
    ("GET", "/events/one"): "read",
    ("GET", "/events/one/listeners"): "read",
    ("GET", "/queues"): "read",
    ("GET", "/queues/rates"): "read",
    ("GET", "/queues/{place}"): "read",
    ("POST", "/queues/{place}/replay"): "admin",
    ("POST", "/queues/{place}/purge"): "admin",
    ("GET", "/settings"): "admin",
    ("GET", "/settings/tokens"): "admin",
    ("POST", "/settings/tokens"): "admin",
    ("POST", "/settings/tokens/{token_id}/revoke"): "admin",
    ("GET", "/settings/users"): "admin",
    ("POST", "/settings/users"): "admin",
    ("POST", "/settings/users/{name}/remove"): "admin",
    ("GET", "/settings/audit"): "admin",
}


def routes(api: Api, mounted: str) -> Iterator[tuple[str, str]]:
    """Every method and path that is answered below a mount."""
    for route in routes_of(api, mounted):
        assert route.methods
        yield from ((method, route.path) for method in route.methods - {"HEAD"})


def filled(path: str) -> str:
    """A path whose parameters stand for nothing that exists."""
    return path.replace("{", "no-").replace("}", "").replace("_", "-")


def test_every_page_is_known_here(api: Api) -> None:
    assert set(routes(api, "/console")) == PUBLIC | OWNED.keys() | DEPLOYMENT.keys()
    assert set(routes(api, "/portal/{key}")) == OWNED.keys()


def test_whoever_is_not_logged_in_is_asked_to(api: Api) -> None:
    for method, path in OWNED.keys() | DEPLOYMENT.keys():
        response = Visitor(api).ask(method, filled(path))
        assert response.status_code == HTTPStatus.SEE_OTHER, (method, path)
        assert response.headers["location"].startswith("/console/login"), (method, path)


def test_without_a_key_nothing_of_the_portal_is_seen(api: Api) -> None:
    for method, path in OWNED:
        response = Visitor(api, "/portal/0.0.AAAA").ask(method, filled(path))
        assert response.status_code == HTTPStatus.UNAUTHORIZED, (method, path)
        assert "This link has expired" in response.text


@pytest.mark.parametrize("scope", SCOPES)
def test_without_its_scope_no_page_is_seen(api: Api, scope: Scope) -> None:
    visitor = logged_in(api, scope)
    allowed = with_implied(frozenset({scope}))
    for (method, path), needed in (OWNED | DEPLOYMENT).items():
        response = visitor.ask(method, filled(path))
        is_refused = response.status_code == HTTPStatus.FORBIDDEN
        # A form that is sent without its token is refused as well, and says so.
        lacks_scope = is_refused and "needs the scope" in response.text
        assert lacks_scope == (needed not in allowed), (method, path, response.text[-500:])


def test_an_owner_sees_nothing_of_the_deployment(api: Api) -> None:
    visitor = logged_in(api, "manage", "replay", owner="acme")
    for method, path in DEPLOYMENT:
        if method == "GET":
            status = visitor.ask(method, filled(path)).status_code
            assert status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND), path
    assert visitor.ask("GET", "/").headers["location"] == "/console/listeners"


def test_a_form_that_does_not_come_from_here_does_nothing(api: Api) -> None:
    visitor = logged_in(api, "admin")
    for method, path in OWNED.keys() | DEPLOYMENT.keys():
        if method == "POST":
            response = visitor.ask(method, filled(path), data={"csrf": "0" * 64})
            assert response.status_code == HTTPStatus.FORBIDDEN, path
            assert "another session" in response.text


def test_a_form_of_another_site_does_nothing_even_with_its_token(api: Api) -> None:
    visitor = logged_in(api, "admin")
    page = visitor.page("/settings/users")
    token = page.split('name="csrf" value="')[1][:64]
    response = visitor.ask(
        "POST", "/settings/users", data={"csrf": token}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert response.status_code == HTTPStatus.FORBIDDEN
