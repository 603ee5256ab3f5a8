"""Sources, added and looked after by HTTP; their webhooks come in as they do elsewhere."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from tests.support.api import Api

HUB: dict[str, Any] = {"id": "hub", "scheme": "github"}


def deliver(api: Api, secret: str) -> int:
    """Send a webhook as GitHub does; return the status of the answer."""
    body = b'{"action": "opened"}'
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Hub-Signature-256": f"sha256={digest}",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": "1",
    }
    return api.client.post("/in/hub", content=body, headers=headers).status_code


def test_a_source_takes_webhooks_that_are_signed_with_the_secret_that_it_was_shown(
    api: Api,
) -> None:
    response = api.asker("manage")("POST", "/v1/sources", json=HUB)
    made = response.json()
    assert (response.status_code, response.headers["location"]) == (201, "/v1/sources/hub")
    assert (made["path"], made["event"]) == ("/in/hub", "hub")
    assert deliver(api, made["secret"]) == 202
    assert deliver(api, "another secret") == 401


def test_no_secret_is_told_but_one_that_was_made(api: Api) -> None:
    ask = api.asker("manage")
    mine = "0123456789abcdef"
    assert ask.post("/v1/sources", HUB | {"secret": mine})["secret"] is None
    [listed] = ask.get("/v1/sources")["items"]
    assert listed == ask.get("/v1/sources/hub")
    assert "secret" not in listed
    assert ask.post("/v1/sources/hub/rotate-secret", {"secret": mine + "g"}) == {"secret": None}
    made = ask("POST", "/v1/sources/hub/rotate-secret").json()["secret"]
    assert api.store.source_secrets("hub") == [made, mine + "g", mine]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"scheme": "svix"}, (400, "#/scheme")),
        ({"scheme": "stripe"}, (422, "#/secret")),
        ({"secret": "short"}, (422, "#/secret")),
        ({"id": "X Y"}, (400, "#/id")),
        ({"event": "durian.x"}, (422, "#/event")),
    ],
)
def test_a_source_that_cannot_be_made_is_told_by_its_field(
    change: dict[str, Any], told: tuple[int, str], api: Api
) -> None:
    response = api.asker("manage")("POST", "/v1/sources", json=HUB | change)
    [fault] = response.json()["errors"]
    assert (response.status_code, fault["pointer"]) == told


def test_sources_are_no_owners(api: Api) -> None:
    api.asker("manage").post("/v1/sources", HUB)
    acme = api.asker("manage", owner="acme")
    for method, path in (
        ("GET", "/v1/sources"),
        ("GET", "/v1/sources/hub"),
        ("DELETE", "/v1/sources/hub"),
    ):
        refused = acme(method, path)
        assert refused.status_code == 403
        assert refused.json()["detail"] == "Sources are the whole deployment's, not an owner's."
    assert acme("POST", "/v1/sources", json=HUB | {"id": "b"}).status_code == 403


def test_one_that_is_there_or_is_not_is_told_so(api: Api) -> None:
    ask = api.asker("manage")
    ask.post("/v1/sources", HUB)
    assert ask("POST", "/v1/sources", json=HUB).json()["code"] == "conflict"
    assert ask("DELETE", "/v1/sources/hub").status_code == 204
    gone = ask("DELETE", "/v1/sources/hub").json()
    assert (gone["code"], gone["resource"]) == ("not_found", "source")
