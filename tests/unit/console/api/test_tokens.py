"""`/v1/tokens` and `/v1/audit`."""

from __future__ import annotations

import re
from datetime import datetime
from http import HTTPStatus

import pytest

from tests.support.api import INVALID, Api, Asker


def test_a_token_is_created_used_and_revoked(api: Api) -> None:
    admin = api.asker("admin")
    new = {"name": "ci", "scopes": ["read"], "owner": "acme", "rate_per_s": 50}
    made = admin.post("/v1/tokens", new)
    assert re.fullmatch(r"durian_[a-z0-9]{8}_[A-Za-z0-9_-]{43}", made["token"])
    lives = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
    assert lives.days == 90

    ask = Asker(api.client, made["token"])
    assert ask("GET", "/v1/hooks").is_success
    listed = {one["id"]: one for one in admin.get("/v1/tokens")["items"]}
    assert listed[made["id"]]["name"] == "ci"
    assert made["token"] not in str(listed)

    path = f"/v1/tokens/{made['id']}"
    assert admin("DELETE", path).status_code == HTTPStatus.NO_CONTENT
    assert admin("DELETE", path).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"scopes": []}, "#/scopes"),
        ({"scopes": ["write"]}, "#/scopes/0"),
        ({"name": ""}, "#/name"),
        ({"name": " "}, "#/name"),
        ({"owner": ""}, "#/owner"),
        ({"owner": "a\n"}, "#/owner"),
        ({"owner": "acme", "scopes": ["admin"]}, "#/scopes"),
        ({"expires_in_s": 0}, "#/expires_in_s"),
        ({"rate_per_s": 0}, "#/rate_per_s"),
    ],
    ids=str,
)
def test_what_cannot_be_a_token_is_pointed_at(
    api: Api, fields: dict[str, object], pointer: str
) -> None:
    new = {"name": "ci", "scopes": ["read"]} | fields
    response = api.asker("admin")("POST", "/v1/tokens", json=new)
    assert response.status_code in INVALID
    assert response.json()["errors"][0]["pointer"] == pointer


def test_one_may_work_for_ever(api: Api) -> None:
    new = {"name": "ci", "scopes": ["read"], "expires_in_s": None}
    assert api.asker("admin").post("/v1/tokens", new)["expires_at"] is None


def test_changes_are_told_to_the_admin(api: Api) -> None:
    admin = api.asker("admin")
    actor = f"token {admin.get('/v1/token')['id']}"
    admin("PUT", "/v1/hooks/person", json={})
    admin("PUT", "/v1/hooks/person", json={"description": "x"})

    page = admin.get("/v1/audit", params={"target": "hook person", "limit": 1})
    [newest] = page["items"]
    assert (newest["actor"], newest["action"]) == (actor, "hook.update")
    assert (newest["before"], newest["after"]) == ({"description": ""}, {"description": "x"})
    rest = admin.get("/v1/audit", params={"target": "hook person", "cursor": page["next"]})
    assert [one["action"] for one in rest["items"]] == ["hook.create"]
    assert rest["next"] is None
    assert admin("GET", "/v1/audit", params={"cursor": "abc"}).status_code in INVALID
