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
