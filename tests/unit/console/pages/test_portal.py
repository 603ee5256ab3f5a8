"""An owner's portal: a link that shows their listeners, to nobody else's, for a while."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any

import pytest
from starlette.requests import Request

from durian.console import exits
from durian.console.pages.portal import KEY, PortalDoor
from durian.console.settings import Settings
from durian.registry.portal_link import PortalLink
from tests.support.api import Api
from tests.support.commands import CommandLine
from tests.support.pages import Visitor
from tests.unit.console.pages.conftest import JOES, ZOES

#: Where the pages are that another site may show.
SHOP = "https://shop.example"


def link(api: Api, **fields: Any) -> str:
    """The path of a new link for acme."""
    made = api.asker("admin").post("/v1/portal-links", {"owner": "acme"} | fields)
    return str(made["url"].removeprefix("http://127.0.0.1:8700").rstrip("/"))


def test_an_owner_sees_their_listeners_and_no_others(lively: Api) -> None:
    acme = Visitor(lively, link(lively))
    assert acme.act("/listeners/joe/pause", on="/listeners/joe") == "/listeners/joe?done=paused"
    assert acme.ask("GET", "/").headers["location"] == f"{acme.base}/listeners"
    shown = acme.page("/listeners")
    assert "joe.example" in shown
    assert "zoe" not in shown
    assert "by joe" in acme.page(f"/deliveries/{JOES}")
    for path in ("/listeners/zoe", "/listeners/zoe/dead", f"/deliveries/{ZOES}"):
        assert acme.ask("GET", path).status_code == HTTPStatus.NOT_FOUND, path
    for path in ("/events", "/queues", "/settings", "/settings/tokens", "/hooks/edit"):
        status = acme.ask("GET", path).status_code
        assert status in (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN), path


def test_a_sealed_link_is_never_repeated_in_an_address_of_plain_http(lively: Api) -> None:
    response = Visitor(lively, link(lively)).ask("GET", "/listeners/")
    assert response.status_code == HTTPStatus.NOT_FOUND
    assert "location" not in response.headers


def test_what_is_created_there_is_the_owners(lively: Api) -> None:
    acme = Visitor(lively, link(lively))
    fields = {"url": "https://new.example/", "mode": "rows", "owner": "bolt", "do": "save"}
    fields |= {"event": "person", "schedule_s": "0s", "payload": "data"}
    response = acme.send("/listeners/new", fields, on="/listeners/new?event=person")
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    response = acme.send("/listeners/new", fields | {"owner": ""}, on="/listeners/new?event=person")
    assert response.status_code == HTTPStatus.CREATED
    found = lively.asker("admin").get("/v1/listeners", params={"search": "new.example"})["items"]
    assert [one["owner"] for one in found] == ["acme"]


def test_a_link_allows_what_it_says(lively: Api) -> None:
    reader = Visitor(lively, link(lively, scopes=["read"]))
    assert "Send a test event" not in reader.page("/listeners/joe")
    response = reader.send("/listeners/joe/pause", on="/listeners")
    assert response.status_code == HTTPStatus.FORBIDDEN


def test_a_link_ends(lively: Api) -> None:
    ends_at = time.time() + 60
    sealed = lively.store.seal_link(PortalLink(owner="acme", expires_at=ends_at))
    now = [ends_at - 1]
    door = PortalDoor(lively.app.state.services, now=lambda: now[0])
    request = Request({"type": "http", "path_params": {KEY: sealed}})
    guest = door.guest(request)
    assert guest is not None
    assert guest.owner == "acme"
    assert sorted(guest.token.allowed) == ["manage", "read", "replay"]
    now[0] += 1
    assert door.guest(request) is None


@pytest.mark.parametrize(
    "key", ["x", "1.k.AAAA", "%2e%2e", "a.b.c.d", "\u00fc.\u00fc.\u00fc", "1..", "1.k.===="]
)
def test_a_made_up_link_opens_nothing(api: Api, key: str) -> None:
    response = Visitor(api, f"/portal/{key}").ask("GET", "/listeners")
    assert response.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND)


def test_a_link_that_was_altered_opens_nothing(lively: Api) -> None:
    good = link(lively)
    for place in range(len("/portal/"), len(good), 7):
        other = "A" if good[place] != "A" else "B"
        altered = f"{good[:place]}{other}{good[place + 1 :]}"
        status = Visitor(lively, altered).ask("GET", "/listeners").status_code
        assert status == HTTPStatus.UNAUTHORIZED, place


def test_other_sites_show_it_in_a_frame_when_the_deployment_names_them(
    registry_copy: str,
) -> None:
    with Api(registry_copy, settings=Settings(portal_origins=(SHOP,))) as api:
        policy = Visitor(api, link(api)).ask("GET", "/listeners").headers["content-security-policy"]
        assert policy.endswith(f"frame-ancestors {SHOP}")
        policy = Visitor(api).ask("GET", "/login").headers["content-security-policy"]
        assert policy.endswith("frame-ancestors 'none'")


def test_no_cookie_is_set_there(lively: Api) -> None:
    response = Visitor(lively, link(lively)).ask("GET", "/listeners")
    assert "set-cookie" not in response.headers


def test_a_command_makes_a_link(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DURIAN_PUBLIC_URL", "https://durian.example/")
    [made] = run.json("portal", "acme", "--expires", "15m", "--scope", "read")
    assert made["url"].startswith("https://durian.example/portal/")
    assert made["expires_at"] == pytest.approx(time.time() + 900, abs=60)
    assert "https://durian.example/portal/" in run("portal", "acme")
    [entry, _] = run.json("audit", "list")
    assert (entry["action"], entry["target"]) == ("portal.link", "portal acme")
    assert "at most" in run("portal", "acme", "--expires", "8d", code=exits.USAGE)
    assert "scope admin" in run("portal", "acme", "--scope", "admin", code=exits.USAGE)
