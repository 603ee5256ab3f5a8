"""Every page shows what there is, and says what to do where there is nothing."""

from __future__ import annotations

import html
import re
from http import HTTPStatus

import pytest

from durian.console.explain import gather
from tests.support.api import Api
from tests.support.pages import Visitor, logged_in
from tests.support.registry import listener, secret
from tests.unit.console.pages.conftest import JOES

#: What each page says while nothing has happened.
EMPTY = {
    "/": "Nobody listens yet",
    "/listeners": "Nobody listens yet",
    "/events": "No event came yet",
    "/hooks": "No event type is defined",
    "/listeners/new": "No event type is defined",
    "/queues": "The broker is this process",
    "/queues/orphans": "Nothing is there",
    "/queues/invalid": "Nothing is there",
    "/jobs": "Nothing was asked for yet",
    "/settings": "DURIAN_BROKER_URL",
    "/settings/tokens": "Create a token",
    "/settings/users": "Add a user",
    "/settings/audit": "token.create",
}

#: What each page says once something has.
FULL = {
    "/": ("50 %", JOES, "/console/listeners/zoe"),
    "/?window=7d": ('aria-current="true">7d',),
    "/listeners": ("https://joe.example/hook", "name=startswith:J", "a note", "enabled"),
    "/listeners?search=zoe": ("https://zoe.example/hook",),
    "/listeners/joe": (JOES, "50 %", f"/console/deliveries/{JOES}"),
    "/listeners/joe/filter": ("startswith", "address.city", "Their full name", "pro"),
    "/listeners/joe/settings": ("https://joe.example/hook", "5m", "acme"),
    "/listeners/joe/dead": ("1 dead letter", "dead-1", "3 attempts failed"),
    "/listeners/joe/rotate": ("for a day",),
    "/listeners/joe/remove": ("joe",),
    f"/deliveries/{JOES}": ("by joe", "No. 2", "content-type: text/plain"),
    f"/deliveries/{JOES}/why": ("delivered",),
    "/events": ("e-joe", "e-other", "/shop"),
    "/events?search=Bo": ("e-other",),
    "/events?pattern=order.*": ("No event is like that",),
    "/events/one?id=e-joe": ("/shop", "&#34;name&#34;: &#34;Joe&#34;"),
    "/events/one/listeners?id=e-joe": ("joe",),
    "/hooks": ("Somebody was added.", "address.city"),
    "/hooks/one?name=person": ("Their full name", "free, pro"),
    "/hooks/edit?name=person": ("Somebody was added.",),
    "/listeners/new": ("Somebody was added.", "address.city"),
    "/listeners/new?event=person": ("Step 2 of 2", "Their full name"),
    "/listeners/new?pattern=person.%23": ("Step 2 of 2",),
    "/queues": ("dead letters, of all listeners",),
    "/settings/audit?target=listener+joe": ("listener.create",),
}


@pytest.mark.parametrize("path", EMPTY)
def test_a_page_says_what_to_do_where_there_is_nothing(api: Api, path: str) -> None:
    assert EMPTY[path] in logged_in(api, "admin").page(path)


@pytest.mark.parametrize("path", FULL)
def test_a_page_shows_what_there_is(operator: Visitor, path: str) -> None:
    shown = operator.page(path)
    assert [text for text in FULL[path] if text not in shown] == []


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/", "now"),
        ("/listeners", "rows"),
        ("/listeners/joe", "activity"),
        ("/events", "rows"),
        ("/queues", "now"),
    ],
)
def test_a_part_is_renewed_alone(operator: Visitor, path: str, part: str) -> None:
    fetched = operator.page(f"{path}?part={part}", headers={"HX-Request": "true"})
    assert "<html" not in fetched
    assert "<table" in fetched or "<dl" in fetched
    # An address that is typed shows a page.
    assert "<html" in operator.page(f"{path}?part={part}")


def test_a_listener_that_is_blocked_says_so_on_its_page(lively: Api, operator: Visitor) -> None:
    assert "is not public" not in operator.page("/listeners/joe")
    lively.asker("admin")("PATCH", "/v1/listeners/joe", json={"url": "http://10.0.0.7/hook"})
    assert "10.0.0.7 is not public: deliveries to it are blocked" in operator.page("/listeners/joe")


def test_the_overview_says_which_process_nobody_runs(lively: Api, operator: Visitor) -> None:
    lively.broker.consume(lively.names.route, lambda _received: None, prefetch=1)
    lively.backlog.count()
    shown = operator.page("/")
    assert "Nobody delivers: what listeners want waits in their queues." in shown
    assert "<code>durian record</code>" in shown
    assert "durian router" not in shown


def test_what_does_not_exist_is_told_on_a_page(operator: Visitor) -> None:
    for path in ("/listeners/nobody", "/deliveries/msg_nobody", "/jobs/nothing", "/queues/else"):
        response = operator.ask("GET", path)
        assert response.status_code == HTTPStatus.NOT_FOUND, path
        assert "That did not work" in response.text


def test_what_fails_unforeseen_is_told_without_its_reason(
    operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise RuntimeError("a detail of the inside")

    monkeypatch.setattr("durian.console.api.stats.get_stats", fail)
    response = operator.ask("GET", "/")
    assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "the log says what" in response.text
    assert "inside" not in response.text


def test_the_plain_address_leads_to_the_console(api: Api) -> None:
    response = Visitor(api, "").ask("GET", "/")
    assert response.headers["location"] == "/console/"


@pytest.mark.parametrize("path", ["/console", "/portal/v1.x"])
def test_an_address_without_its_last_slash_leads_to_the_page(path: str, api: Api) -> None:
    """By its path alone: behind a proxy this process does not know the scheme."""
    response = Visitor(api, "").ask("GET", path)
    assert response.headers["location"] == f"{path}/"


@pytest.mark.parametrize("path", ["/listeners/", "/login/"])
def test_an_address_with_a_slash_too_many_leads_nowhere(path: str, operator: Visitor) -> None:
    response = operator.ask("GET", path)
    assert response.status_code == HTTPStatus.NOT_FOUND
    assert "location" not in response.headers


def test_every_answer_tells_the_browser_to_load_nothing_from_elsewhere(operator: Visitor) -> None:
    for path in ("/", "/login", "/nowhere", "/static/durian.css"):
        headers = operator.ask("GET", path).headers
        policy = headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= {*policy}
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    assert operator.ask("GET", "/").headers["cache-control"] == "no-store"
    assert "immutable" in operator.ask("GET", "/static/durian.css").headers["cache-control"]


def test_listeners_are_asked_of_an_event_until_all_were(
    lively: Api, operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "ASKED_MOST", 1)
    for number in range(3):
        lively.store.add_listener(listener(f"n{number}", event="order"), secret())
    path, shown = "/events/one/listeners?id=e-joe", []
    while path:
        shown.append(operator.page(path))
        found = re.search(r'hx-get="/console([^"]+)" hx-trigger="revealed"', shown[-1])
        path = html.unescape(found[1]) if found else ""
    assert [part.count("<h2>") for part in shown] == [1, *[0] * (len(shown) - 1)]
    assert len(shown) > 3
    told = [part for part in shown if "<details" in part]
    assert ["joe" in told[0], "zoe" in told[1]] == [True, True]
    assert len(told) == 2
    assert "Not concerned: 3 by its type" in shown[-1]
    assert "No listener wants it" not in shown[-1]
