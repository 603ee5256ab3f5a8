"""`/v1/hooks`: definitions are added, replaced and removed."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

import pytest

from tests.support.api import INVALID, Api

WILD = "'order.*' must not contain the wildcards * and #"

PERSON = {
    "description": "Somebody.",
    "schema": {"type": "object", "required": ["name"]},
    "example": {"name": "Joe"},
}


def test_a_hook_from_its_first_day_to_its_last(api: Api) -> None:
    ask = api.asker("manage")
    made = ask("PUT", "/v1/hooks/person", json=PERSON)
    assert made.json() == PERSON | {"name": "person"}
    assert ask("GET", "/v1/hooks/person").headers["etag"] == made.headers["etag"]

    changed = ask("PUT", "/v1/hooks/person", json={}, headers={"If-Match": made.headers["etag"]})
    assert changed.json() == {"name": "person", "description": "", "schema": None, "example": None}
    assert changed.headers["etag"] != made.headers["etag"]

    assert ask("DELETE", "/v1/hooks/person").status_code == HTTPStatus.NO_CONTENT
    gone = ask("GET", "/v1/hooks/person")
    assert gone.status_code == HTTPStatus.NOT_FOUND
    assert gone.headers["content-type"] == "application/problem+json"
    assert gone.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "code": "not_found",
        "resource": "hook",
        "detail": "No hook person exists.",
    }


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("tag", ['"v99"', '"other"', 'W/"v1"', '"v1", "v2"'])
def test_a_change_of_what_somebody_else_changed_is_refused(api: Api, method: str, tag: str) -> None:
    ask = api.asker("manage")
    ask("PUT", "/v1/hooks/person", json=PERSON)
    body: object = {} if method == "PUT" else None
    response = ask(method, "/v1/hooks/person", json=body, headers={"If-Match": tag})
    assert response.status_code == HTTPStatus.PRECONDITION_FAILED
    assert response.json()["code"] == "changed"
    assert ask.get("/v1/hooks/person")["description"] == "Somebody."


def test_one_that_is_to_be_new_is_not_replaced(api: Api) -> None:
    ask = api.asker("manage")
    new = {"If-None-Match": "*"}
    assert ask("PUT", "/v1/hooks/person", json={}, headers=new).is_success
    again = ask("PUT", "/v1/hooks/person", json={}, headers=new)
    assert again.status_code == HTTPStatus.PRECONDITION_FAILED
    assert ask("PUT", "/v1/hooks/person", json={}, headers={"If-Match": "*"}).is_success


@pytest.mark.parametrize(
    ("path", "body", "fault"),
    [
        (
            "person",
            {"descripton": ""},
            {"pointer": "#/descripton", "detail": "is not a known field"},
        ),
        (
            "person",
            {"schema": []},
            {"pointer": "#/schema", "detail": "must be a JSON object"},
        ),
        ("person", {"schema": {"type": "any"}}, {"pointer": "#/schema/type"}),
        ("person", {"schema": {"type": "object"}, "example": 1}, {"pointer": "#/example"}),
        (
            "order.*",
            {},
            {"pointer": "#/name", "detail": WILD},
        ),
    ],
)
def test_what_is_wrong_is_pointed_at(
    api: Api, path: str, body: object, fault: dict[str, str]
) -> None:
    response = api.asker("manage")("PUT", f"/v1/hooks/{path}", json=body)
    assert response.status_code in INVALID
    [told] = response.json()["errors"]
    assert fault.items() <= told.items()


def test_a_body_that_is_no_json_is_a_problem(api: Api) -> None:
    headers = {"Content-Type": "application/json"}
    response = api.asker("manage")("PUT", "/v1/hooks/person", content=b"{", headers=headers)
    assert response.status_code in INVALID
    reason = "is not JSON: Expecting property name enclosed in double quotes, at character 1"
    assert response.json()["detail"] == f"body: {reason}"
    assert response.json()["errors"] == [{"detail": reason, "pointer": "#"}]


def test_hooks_come_in_pages_by_name(api: Api) -> None:
    ask = api.asker("manage")
    for name in ("c", "a", "b"):
        ask("PUT", f"/v1/hooks/{name}", json={})
    first = ask.get("/v1/hooks", params={"limit": 2})
    assert [one["name"] for one in first["items"]] == ["a", "b"]
    rest = ask.get("/v1/hooks", params={"cursor": first["next"]})
    assert ([one["name"] for one in rest["items"]], rest["next"]) == (["c"], None)
    for cursor in ("!", "gICA"):
        refused = ask("GET", "/v1/hooks", params={"cursor": cursor})
        assert refused.json()["errors"][0]["parameter"] == "cursor"


def test_owners_read_hooks_and_do_not_change_them(api: Api) -> None:
    api.asker("manage")("PUT", "/v1/hooks/person", json=PERSON)
    ask = api.asker("manage", owner="acme")
    assert ask.get("/v1/hooks/person")["description"] == "Somebody."
    for method in ("PUT", "DELETE"):
        body: object = {} if method == "PUT" else None
        assert ask(method, "/v1/hooks/person", json=body).status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("name", ["shop/order.paid", "a//b/", "/", "å/é?x"])
def test_a_hook_is_reached_by_any_name_that_it_can_have(api: Api, name: str) -> None:
    ask = api.asker("manage")
    path = f"/v1/hooks/{quote(name, safe='')}"
    assert ask("PUT", path, json=PERSON).json()["name"] == name
    assert ask.get(path)["name"] == name
    assert [one["name"] for one in ask.get("/v1/hooks")["items"]] == [name]
    assert ask("DELETE", path).status_code == HTTPStatus.NO_CONTENT
    assert ask.get("/v1/hooks")["items"] == []
