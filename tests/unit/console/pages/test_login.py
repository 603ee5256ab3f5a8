"""People get in by a password or a token, for a while, and guessing is slow."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from durian.console import passwords, users
from durian.console.pages.throttle import FORGOTTEN_S, LONGEST_S, Throttle
from durian.errors import RateLimited
from tests.support.api import Api
from tests.support.pages import Visitor, logged_in

PASSWORD = "correct horse battery"


@pytest.fixture
def joe(api: Api) -> Visitor:
    """Somebody who has a password, and is not logged in."""
    api.store.add_user(users.new_user("joe", ["admin"], None), passwords.hashed(PASSWORD))
    return Visitor(api)


def test_a_password_opens_the_page_that_was_asked_for(joe: Visitor) -> None:
    asked = joe.ask("GET", "/listeners?search=x").headers["location"]
    assert asked == "/console/login?next=%2Flisteners%3Fsearch%3Dx"
    fields = {"name": "joe", "password": PASSWORD, "next": "/listeners?search=x"}
    assert joe.act("/login", fields) == "/listeners?search=x"
    assert "joe" in joe.page("/")


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_logging_in_leads_to_no_other_site(joe: Visitor, elsewhere: str) -> None:
    assert joe.act("/login", {"name": "joe", "password": PASSWORD, "next": elsewhere}) == "/"


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "joe", "password": "wrong"},
        {"name": "nobody", "password": PASSWORD},
        {"token": "durian_no.such"},
        {},
    ],
)
def test_a_wrong_one_opens_nothing(joe: Visitor, fields: dict[str, str]) -> None:
    response = joe.send("/login", fields)
    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert 'role="alert"' in response.text
    assert joe.ask("GET", "/").status_code == HTTPStatus.SEE_OTHER


def test_a_cookie_that_was_known_before_is_worth_nothing_after(joe: Visitor) -> None:
    """Whoever has put it there could use it as well (session fixation)."""
    joe.page("/login")
    before = joe.cookie
    joe.act("/login", {"name": "joe", "password": PASSWORD})
    assert joe.cookie != before


def test_the_cookie_is_for_us_alone(joe: Visitor) -> None:
    kept = joe.ask("GET", "/login").headers["set-cookie"].lower()
    assert "httponly" in kept
    assert "samesite=lax" in kept


def test_a_form_of_another_site_leaves_no_cookie(api: Api) -> None:
    """It comes without one, and a new one would take the place of a session's."""
    for path in ("/login", "/listeners/joe/pause", "/logout"):
        given = {"headers": {"sec-fetch-site": "cross-site"}, "data": {"csrf": "0" * 64}}
        assert "set-cookie" not in Visitor(api).ask("POST", path, **given).headers, path
    linked = Visitor(api).ask("GET", "/login", headers={"sec-fetch-site": "cross-site"})
    assert "set-cookie" in linked.headers


def test_logging_out_ends_the_session(joe: Visitor) -> None:
    joe.act("/login", {"name": "joe", "password": PASSWORD})
    cookie = joe.cookie
    assert joe.act("/logout", on="/listeners") == "/login"
    joe.cookie = cookie
    assert joe.ask("GET", "/").status_code == HTTPStatus.SEE_OTHER


def test_a_revoked_token_ends_its_sessions(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("durian.console.pages.session.FRESH_S", 0.0)
    visitor = logged_in(api, "admin")
    assert visitor.page("/")
    for token in api.asker("admin").get("/v1/tokens")["items"]:
        api.store.revoke_token(token["id"])
    assert visitor.ask("GET", "/").status_code == HTTPStatus.SEE_OTHER


def test_a_part_of_a_page_leads_to_the_login_as_a_whole(joe: Visitor) -> None:
    response = joe.ask("GET", "/?part=now", headers={"HX-Request": "true"})
    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert response.headers["hx-redirect"] == "/console/login"


def test_guessing_has_to_wait(joe: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("durian.console.pages.throttle.FIRST_S", LONGEST_S)
    for _ in range(5):
        response = joe.send("/login", {"name": "joe", "password": "x"})
        assert response.status_code == HTTPStatus.UNAUTHORIZED
    response = joe.send("/login", {"name": "joe", "password": PASSWORD})
    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert int(response.headers["retry-after"]) >= 1


class FakeTime:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_each_failure_beyond_the_free_ones_doubles_the_pause() -> None:
    clock = FakeTime()
    throttle = Throttle(clock)
    throttle.attempt("joe", 2)
    pauses = []
    for _ in range(12):
        throttle.attempt("joe", 2)
        with pytest.raises(RateLimited) as refused:
            throttle.attempt("joe", 2)
        pauses.append(refused.value.retry_after_s)
        clock.now += refused.value.retry_after_s
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert pauses[-1] == LONGEST_S
    throttle.attempt("zoe", 2)
    clock.now += FORGOTTEN_S + 1
    for _ in range(2):
        throttle.attempt("joe", 2)


def test_an_attempt_that_passed_counts_for_nothing() -> None:
    throttle = Throttle(FakeTime())
    for _ in range(50):
        throttle.attempt("joe", 2)
        throttle.passed("joe")


def test_a_session_ends_by_itself(joe: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("durian.console.pages.session.SESSION_S", -1.0)
    joe.act("/login", {"name": "joe", "password": PASSWORD})
    assert joe.ask("GET", "/").status_code == HTTPStatus.SEE_OTHER
