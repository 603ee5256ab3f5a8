"""What an answer tells a program of what went wrong."""

from __future__ import annotations

import pytest

from tests.support.api import Api

WEBHOOK = "msg_" + "A" * 24


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("/v1/listeners/zoe", "listener"),
        ("/v1/listeners/zoe/dead-letters", "listener"),
        ("/v1/orphans?listener=zoe", "listener"),
        ("/v1/hooks/zoe", "hook"),
        ("/v1/events/zoe", "event"),
        ("/v1/explain?event=zoe", "event"),
        (f"/v1/deliveries/{WEBHOOK}", "delivery"),
        ("/v1/set-aside/invalid/messages/0198c2f46c2e", "message"),
        ("/v1/jobs/j-k3f9qaxy", "job"),
        ("/v1/replays/r-k3f9qaxy", "replay"),
        ("/v1/zoe", "path"),
        ("/v1/listeners/", "path"),
        ("/zoe", "path"),
    ],
)
def test_a_program_is_told_what_it_is_that_is_not_there(path: str, resource: str, api: Api) -> None:
    told = api.asker("read")("GET", path).json()
    assert (told["status"], told["code"], told["resource"]) == (404, "not_found", resource)


def test_a_token_that_is_not_there_is_told_as_one(api: Api) -> None:
    told = api.asker("admin")("DELETE", "/v1/tokens/k3f9qaxy").json()
    assert (told["code"], told["resource"]) == ("not_found", "token")


def test_a_source_that_is_not_there_is_told_as_one(api: Api) -> None:
    told = api.client.post("/in/zoe", content=b"{}").json()
    assert (told["code"], told["resource"]) == ("not_found", "source")


def test_an_owner_is_told_no_more_than_of_what_does_not_exist(api: Api) -> None:
    told = api.asker("read", owner="acme")("GET", "/v1/explain?event=zoe").json()
    assert (told["code"], told["resource"]) == ("not_found", "event")


LISTENER = '{"url": "https://joe.example/", "event": "person"}'


@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "text/plain"])
def test_json_that_was_sent_as_something_else_is_told_so(media_type: str, api: Api) -> None:
    """As curl does unless told."""
    headers = {"Content-Type": media_type}
    response = api.asker("manage")("POST", "/v1/listeners", content=LISTENER, headers=headers)
    assert response.status_code == 400
    assert response.json()["errors"] == [
        {"detail": "must be application/json", "header": "content-type"}
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"url": "\xff"}', "is not UTF-8"),
        (b"", "is missing"),
        (b"[]", "must be a JSON object"),
    ],
)
def test_a_body_that_cannot_be_read_is_told_why(body: bytes, reason: str, api: Api) -> None:
    headers = {"Content-Type": "application/json"}
    response = api.asker("manage")("POST", "/v1/listeners", content=body, headers=headers)
    told = response.json()
    assert (response.status_code, told["code"]) == (400, "invalid")
    assert told["errors"] == [{"detail": reason, "pointer": "#"}]


@pytest.mark.parametrize(
    ("method", "path", "name", "reason"),
    [
        ("GET", "/v1/listeners?lmit=5", "lmit", "is not a known parameter; did you mean limit?"),
        ("GET", "/v1/attempts?listner=joe", "listner", "did you mean listener?"),
        (
            "GET",
            "/v1/listeners?sort=url",
            "sort",
            "known are event, enabled, owner, search, limit, cursor",
        ),
        ("POST", "/v1/orphans/purge?listener=joe", "listener", "there is none here"),
    ],
)
def test_a_parameter_that_nobody_knows_is_refused(
    method: str, path: str, name: str, reason: str, api: Api
) -> None:
    """Passed over, it would be another question, or all orphans instead of joe's."""
    body: object = {} if method == "POST" else None
    response = api.asker("admin")(method, path, json=body)
    [fault] = response.json()["errors"]
    assert (response.status_code, fault["parameter"]) == (400, name)
    assert reason in fault["detail"]


@pytest.mark.parametrize("path", ["/livez", "/v1/listeners", "/v1/openapi.json", "/v1/hooks/zoe"])
def test_head_is_answered_as_get_is_without_a_body(path: str, api: Api) -> None:
    ask = api.asker("read")
    head, get = ask("HEAD", path), ask("GET", path)
    assert (head.status_code, head.headers["content-length"], head.content) == (
        get.status_code,
        get.headers["content-length"],
        b"",
    )


def test_the_methods_that_a_path_answers_are_told(api: Api) -> None:
    refused = api.asker("read")("PUT", "/v1/listeners")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, POST")
