"""What is done on pages is done, once, and said."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest

from tests.support.api import PATIENCE, Api
from tests.support.pages import Visitor, logged_in

NEW = {
    "event": "person", "mode": "rows", "do": "save", "url": "https://new.example/hook",
    "schedule_s": "0s 5m", "payload": "data", "timeout_s": "10", "concurrency": "3",
    "headers": "X-Team: shop", "no_retry_statuses": "400, 404",
    "path_0": "name", "op_0": "startswith", "value_0": "J",
}  # fmt: skip

CREATE = "/listeners/new?event=person"


def create(visitor: Visitor, **fields: str) -> Any:
    """Send the second screen."""
    return visitor.send("/listeners/new", NEW | fields, on=CREATE)


def test_a_listener_is_created_in_two_screens(lively: Api, operator: Visitor) -> None:
    response = create(operator)
    assert response.status_code == HTTPStatus.CREATED
    assert "whsec_" in response.text
    for language in ("Python", "JavaScript", "Go", "Java", "Ruby"):
        assert f"<summary>{language}</summary>" in response.text
    asked = {"search": "new.example"}
    [one] = lively.asker("admin").get("/v1/listeners", params=asked)["items"]
    assert one["filter"] == {"name": {"startswith": "J"}}
    policy = one["policy"]
    assert (policy["schedule_s"], policy["concurrency"]) == ([0, 300], 3)
    assert (policy["headers"], policy["no_retry_statuses"]) == ({"X-Team": "shop"}, [400, 404])


def test_a_listener_with_batches_is_created(lively: Api, operator: Visitor) -> None:
    batches = {"batch_events": "50", "batch_wait_s": "2.5", "payload": "cloudevent"}
    assert create(operator, **batches).status_code == HTTPStatus.CREATED
    asked = {"search": "new.example"}
    [one] = lively.asker("admin").get("/v1/listeners", params=asked)["items"]
    policy = one["policy"]
    assert (policy["batch_events"], policy["batch_wait_s"]) == (50, 2.5)
    assert policy["batch_bytes"] == 262_144


def test_a_form_that_is_sent_twice_creates_one(lively: Api, operator: Visitor) -> None:
    once = {"once": "the-same"}
    assert create(operator, **once).status_code == HTTPStatus.CREATED
    again = create(operator, **once)
    assert again.status_code == HTTPStatus.SEE_OTHER
    assert "whsec_" not in again.text
    found = lively.asker("admin").get("/v1/listeners", params={"search": "new.example"})["items"]
    assert again.headers["location"] == f"/console/listeners/{found[0]['id']}"
    assert len(found) == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": "new.example"}, "url"),
        ({"url": "https://user:pw@new.example/"}, "url"),
        ({"schedule_s": "soon"}, "schedule"),
        ({"headers": "no colon"}, "a line without a colon"),
        ({"concurrency": "many"}, "concurrency"),
        ({"batch_events": "9"}, "It needs payload=cloudevent above 1"),
        ({"op_0": "gt", "value_0": "many"}, "number"),
        ({"mode": "json", "json": "{"}, "filter"),
    ],
)
def test_a_mistake_is_said_beside_its_field(
    operator: Visitor, fields: dict[str, str], words: str
) -> None:
    response = create(operator, **fields)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'class="error"' in response.text or 'class="note error"' in response.text
    assert words in response.text
    assert "https://new.example" in response.text or "url" in fields, "what was typed is kept"


def test_a_row_is_added_and_json_is_shown(operator: Visitor) -> None:
    added = create(operator, do="add").text
    assert 'name="path_1"' in added
    switched = create(operator, do="switch").text
    assert "&#34;startswith&#34;: &#34;J&#34;" in switched


def test_a_filter_is_tried_on_the_last_events(operator: Visitor) -> None:
    form = {"event": "person", "path_0": "name", "op_0": "is", "value_0": "Bo"}
    told = operator.send("/filters/preview", form, on="/listeners/joe/filter").text
    assert "<b>1</b> of the last 2 events would match" in told
    assert "found &#34;Joe&#34;" in told
    unfinished = form | {"op_0": "gt", "value_0": ""}
    told = operator.send("/filters/preview", unfinished, on="/listeners/joe/filter").text
    assert "once all conditions can be read" in told


def test_an_owners_filter_is_tried_on_the_example(lively: Api) -> None:
    acme = logged_in(lively, "manage", owner="acme")
    form = {"event": "person", "path_0": "name", "op_0": "is", "value_0": "Bo"}
    told = acme.send("/filters/preview", form, on="/listeners/joe/filter").text
    assert "would not match" in told
    assert "of the last" not in told


def test_pausing_and_the_like_say_what_they_did(lively: Api, operator: Visitor) -> None:
    ask = lively.asker("read")
    for verb, done, state in (
        ("pause", "paused", "paused"),
        ("resume", "resumed", "enabled"),
        ("disable", "disabled", "disabled"),
        ("enable", "enabled", "enabled"),
    ):
        path = operator.act(f"/listeners/joe/{verb}", on="/listeners/joe")
        assert path == f"/listeners/joe?done={done}"
        assert ask.get("/v1/listeners/joe")["state"] == state
        assert 'role="status"' in operator.page(path)


def test_a_change_of_somebody_else_is_not_lost(lively: Api, operator: Visitor) -> None:
    page = operator.page("/listeners/joe/settings")
    version = page.split('name="version" value="')[1].split('"')[0]
    lively.asker("admin")("PATCH", "/v1/listeners/joe", json={"description": "theirs"})
    fields = {name: text for name, text in NEW.items() if name not in ("do", "mode")}
    sent = fields | {"version": version, "description": "mine"}
    response = operator.send("/listeners/joe/settings", sent)
    assert response.status_code in (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT)
    assert lively.asker("read").get("/v1/listeners/joe")["description"] == "theirs"


def test_a_filter_is_saved(lively: Api, operator: Visitor) -> None:
    form = {"event": "person", "path_0": "age", "op_0": "gte", "value_0": "18", "do": "save"}
    assert operator.act("/listeners/joe/filter", form) == "/listeners/joe/filter?done=saved"
    assert lively.asker("read").get("/v1/listeners/joe")["filter"] == {"age": {"gte": 18}}
    wrong = form | {"event": "x" * 300}
    response = operator.send("/listeners/joe/filter", wrong)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_a_secret_is_rotated_once(operator: Visitor) -> None:
    response = operator.send("/listeners/joe/rotate", {"overlap": "3600", "once": "r"})
    assert response.status_code == HTTPStatus.CREATED
    assert "whsec_" in response.text
    assert "for an hour" in response.text
    again = operator.send("/listeners/joe/rotate", {"overlap": "3600", "once": "r"})
    assert again.status_code == HTTPStatus.SEE_OTHER


def test_dead_letters_are_sent_again_by_a_job(operator: Visitor) -> None:
    path = operator.act("/listeners/joe/dead/replay", {"since": "all"}, on="/listeners/joe/dead")
    for _ in range(PATIENCE):
        shown = operator.page(path)
        if "running" not in shown:
            break
    assert "1 of 1 done" in shown
    assert "Send dead letters again" in operator.page("/jobs")
    assert "No dead letters" in operator.page("/listeners/joe/dead")


def test_nothing_is_thrown_away_that_was_not_chosen(operator: Visitor) -> None:
    response = operator.send("/listeners/joe/dead/purge", on="/listeners/joe/dead")
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Choose some of the list first" in response.text


def test_a_listener_is_removed_after_a_question(lively: Api, operator: Visitor) -> None:
    assert operator.act("/listeners/joe/remove") == "/listeners?done=removed"
    assert lively.asker("read")("GET", "/v1/listeners/joe").status_code == HTTPStatus.NOT_FOUND


def test_an_event_type_is_defined_published_and_removed(operator: Visitor) -> None:
    form = {"name": "order.paid", "schema": '{"required": ["number"]}', "example": '{"number": 1}'}
    assert operator.act("/hooks/edit", form) == "/hooks/one?name=order.paid"
    published = {"name": "order.paid", "data": '{"number": 7}'}
    place = operator.act("/hooks/publish", published, on="/hooks/one?name=order.paid")
    assert place.startswith("/events/one?id=")
    for data in ("{", '{"other": 7}'):
        response = operator.send(
            "/hooks/publish", published | {"data": data}, on="/hooks/one?name=order.paid"
        )
        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, data
    wrong = operator.send("/hooks/edit", form | {"schema": '{"type": 3}', "is_new": "1"})
    assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    removed = operator.act("/hooks/remove", {"name": "order.paid"}, on="/hooks/one?name=order.paid")
    assert removed == "/hooks"


def test_tokens_and_users_come_and_go(lively: Api, operator: Visitor) -> None:
    fields = {"name": "ci", "scope": "read", "lifetime": "86400.0"}
    made = operator.send("/settings/tokens", fields)
    assert made.status_code == HTTPStatus.CREATED
    assert "durian_" in made.text
    assert "ci" in operator.page("/settings/tokens")
    nothing = operator.send("/settings/tokens", {"name": "ci"})
    assert nothing.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    user = {"name": "ann", "password": "a long sentence", "scope": "read"}
    assert operator.act("/settings/users", user) == "/settings/users"
    short = operator.send("/settings/users", user | {"name": "bob", "password": "x"})
    assert short.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    ann = Visitor(lively)
    assert ann.act("/login", {"name": "ann", "password": "a long sentence"}) == "/"
    operator.act("/settings/users/ann/remove", on="/settings/users")
    assert "ann" not in operator.page("/settings/users").split("Add a user")[0].split("<tbody>")[-1]
