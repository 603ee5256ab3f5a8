from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from durian.django.deployment import DjangoDeployment
from durian.django.models import OutboxEvent
from durian.django.settings import DjangoSettings
from durian.errors import BrokerUnavailable
from durian.events import Event
from durian.hook import Hook, ModelHook, use
from durian.match import Filter, Startswith
from durian.registry import Listener, ListenerSecret, hooks
from tests.support.people.models import Account, Person
from tests.support.registry import attempt

pytestmark = pytest.mark.django_db(databases=["default", "other"])


class PersonHook(ModelHook):
    name = "person"
    verbose_name = "Person"
    description = "Somebody was added or changed."
    model = Person
    provides_args = ("name", "address", "age")


@pytest.fixture(autouse=True)
def deployment(tmp_path: Path) -> Iterator[DjangoDeployment]:
    settings = DjangoSettings(
        registry_url=f"sqlite:///{tmp_path / 'registry.db'}", secret_key_file=tmp_path / "key"
    )
    deployment = DjangoDeployment(settings)
    before = use(deployment)
    hooks.register(PersonHook)
    hooks.register(Hook(name="ping", example={"count": 1}))
    yield deployment
    hooks.unregister("person")
    hooks.unregister("ping")
    use(before)
    deployment.close()


def login(*permissions: str, staff: bool = False, superuser: bool = False) -> Client:
    user = Account.objects.create(
        username=f"user{Account.objects.count()}", is_staff=staff, is_superuser=superuser
    )
    for permission in permissions:
        user.user_permissions.add(Permission.objects.get(codename=permission))
    client = Client()
    client.force_login(user)
    return client


def screen(**fields: str) -> dict[str, str]:
    """The second screen as a browser sends it."""
    given = {
        "url": "https://where.joe/is/listening",
        "config-timeout_s": "4.0",
        "config-max_retries": "3",
        "config-payload": "data",
    }
    return given | fields


def create(client: Client, event: str = "person", **fields: str) -> Any:
    return client.post(f"/webhooks/add/listener/?event={event}", screen(**fields))


def only_listener(deployment: DjangoDeployment) -> Listener:
    (listener,) = deployment.store.list_listeners()
    return listener


def texts(response: Any) -> str:
    """A page without its tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def test_nobody_is_asked_to_log_in() -> None:
    response = Client().get("/webhooks/add/")

    assert response.status_code == 302
    assert "/admin/login/?next=/webhooks/add/" in response["location"]


def test_adding_needs_its_permission() -> None:
    client = login()

    assert client.get("/webhooks/add/").status_code == 403
    assert create(client).status_code == 403
    assert client.get("/webhooks/").status_code == 200


def test_the_first_screen_offers_every_event() -> None:
    client = login("add_listener")
    page = texts(client.get("/webhooks/add/"))

    assert "Somebody was added or changed. name address age" in page
    assert "ping everything it is given" in page
    response = client.get("/webhooks/add/?event=person")
    assert response["location"] == "/webhooks/add/listener/?event=person"
    assert "not one of the available choices" in texts(client.get("/webhooks/add/?event=x"))


def test_the_second_screen_has_a_condition_for_each_field_and_for_creation() -> None:
    page = login("add_listener").get("/webhooks/add/listener/?event=person").content.decode()

    assert re.findall(r'class="condition-name">(\w+)<', page) == [
        "name",
        "address",
        "age",
        "created",
    ]
    assert login("add_listener").get("/webhooks/add/listener/?event=x").status_code == 404


def test_a_listener_is_created_and_its_secret_shown_once(deployment: DjangoDeployment) -> None:
    client = login("add_listener")
    response = create(client, matcher_0="startswith", value_0="J", description="Joe's")

    listener = only_listener(deployment)
    (secret,) = deployment.store.secrets_of(listener.id, time.time())
    assert secret.value in texts(response)
    assert "no-store" in response["cache-control"]
    assert Filter.parse(listener.filter) == Filter(name=Startswith("J"))
    assert (listener.event, listener.description) == ("person", "Joe's")
    assert (listener.policy.timeout_s, len(listener.policy.schedule_s)) == (4, 4)
    page = texts(client.get(f"/webhooks/{listener.id}/"))
    assert "name=startswith:J" in page
    assert secret.value not in page


@pytest.mark.parametrize(
    ("index", "matcher", "value", "form"),
    [
        (0, "any", "", {}),
        (0, "is", "Joe", {"name": "Joe"}),
        (0, "is", "7", {"name": "7"}),
        (2, "is", "7", {"age": 7}),
        (2, "in", "7, 8", {"age": {"in": [7, 8]}}),
        (2, "gt", "17", {"age": {"gt": 17}}),
        (1, "endswith", "Street", {"address": {"endswith": "Street"}}),
        (1, "contains", " Elm ", {"address": {"contains": " Elm "}}),
        (0, "like", "^J", {"name": {"like": "^J"}}),
        (0, "not", "Joe", {"name": {"not": {"is": "Joe"}}}),
    ],
)
def test_each_matcher_of_the_screen_is_one_of_the_filters(
    index: int, matcher: str, value: str, form: Mapping[str, Any], deployment: DjangoDeployment
) -> None:
    client = login("add_listener")
    create(client, **{f"matcher_{index}": matcher, f"value_{index}": value})

    assert Filter.parse(only_listener(deployment).filter) == Filter.parse(form)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"url": ""}, "This field is required."),
        ({"url": "ftp://where.joe/"}, "url"),
        ({"url": "https://user:pass@where.joe/"}, "url"),
        ({"matcher_0": "like", "value_0": "("}, "missing"),
        ({"matcher_2": "gt", "value_2": ""}, "number"),
        ({"config-timeout_s": "0"}, "greater than or equal to 0.1"),
        ({"config-payload": "xml"}, "Select a valid choice."),
    ],
)
def test_what_cannot_be_used_is_said_on_the_screen(
    fields: dict[str, str], said: str, deployment: DjangoDeployment
) -> None:
    response = create(login("add_listener"), **fields)

    assert response.status_code == 200
    assert said in texts(response)
    assert deployment.store.list_listeners() == []


def test_owners_see_their_own_listeners_and_nobody_elses(deployment: DjangoDeployment) -> None:
    joe, bo = login("add_listener"), login("add_listener")
    create(joe)
    listener = only_listener(deployment)
    url = f"/webhooks/{listener.id}/"

    assert listener.url in texts(joe.get("/webhooks/"))
    assert "Nobody listens yet" in texts(bo.get("/webhooks/"))
    for page in ("", "change/", "remove/", "dead/"):
        assert bo.get(url + page).status_code == 404, page
    assert bo.post(f"{url}secret/").status_code == 404
    assert bo.post(f"{url}remove/").status_code == 404
    assert bo.get(f"/webhooks/attempts/?listener={listener.id}").status_code == 404
    assert bo.get("/webhooks/attempts/").status_code == 404
    assert listener.url in texts(login("view_listener").get("/webhooks/"))


def test_a_listener_may_ask_for_new_rows_only(deployment: DjangoDeployment) -> None:
    create(login("add_listener"), matcher_3="is", value_3="true")

    assert Filter.parse(only_listener(deployment).filter) == Filter(created=True)


def test_a_hook_says_what_of_it_a_user_may_know(
    deployment: DjangoDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = login("add_listener")
    monkeypatch.setattr(PersonHook, "filter_for", lambda *_: Filter(address="1 Elm Street"))
    create(client, matcher_0="is", value_0="Joe")
    made = only_listener(deployment)
    wanted = Filter(name="Joe", address="1 Elm Street")
    assert Filter.parse(made.filter) == wanted

    change = {"url": made.url, "description": "", "enabled": "on"}
    for given in (wanted.to_short(), "name=Joe"):
        client.post(f"/webhooks/{made.id}/change/", change | {"filter": given})
        assert Filter.parse(only_listener(deployment).filter) == wanted
    client.post(f"/webhooks/{made.id}/change/", change | {"filter": "name=Joe or age>1"})
    assert not Filter.parse(only_listener(deployment).filter).matches(
        Event(type="person", data={"name": "Joe", "address": "2 Oak Street"})
    )


def test_a_hook_of_which_a_user_may_know_nothing_is_not_offered(
    deployment: DjangoDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = login("add_listener")
    create(client)
    url = f"/webhooks/{only_listener(deployment).id}/"
    monkeypatch.setattr(PersonHook, "filter_for", lambda *_: None)

    assert "Person" not in texts(client.get("/webhooks/add/"))
    assert create(client).status_code == 403
    assert client.get(f"{url}change/").status_code == 403
    assert client.post(f"{url}change/", {"url": "https://new.joe/"}).status_code == 403
    assert client.post(f"{url}remove/").status_code == 302


def test_an_owner_changes_and_removes_a_listener(deployment: DjangoDeployment) -> None:
    client = login("add_listener")
    create(client)
    listener = only_listener(deployment)
    url = f"/webhooks/{listener.id}/"
    change = {"url": "https://new.joe/", "filter": "age>=18", "description": "", "enabled": ""}

    assert client.post(f"{url}change/", change).status_code == 302
    changed = only_listener(deployment)
    assert (changed.url, changed.enabled) == ("https://new.joe/", False)
    assert changed.filter == '{"age":{"gte":18}}'
    assert "disabled" in texts(client.get(url))
    client.post(f"{url}change/", change | {"enabled": "on", "paused": "on"})
    assert only_listener(deployment).paused
    assert "paused" in texts(client.get("/webhooks/"))
    refused = client.post(f"{url}change/", change | {"filter": "age>>"})
    assert "age" in texts(refused)
    client.post(f"{url}remove/")
    assert deployment.store.list_listeners() == []


def test_a_secret_is_rotated(deployment: DjangoDeployment) -> None:
    client = login("add_listener")
    create(client)
    listener = only_listener(deployment)
    response = client.post(f"/webhooks/{listener.id}/secret/")

    newest, before = deployment.store.secrets_of(listener.id, time.time())
    assert newest.value in texts(response)
    assert before.value not in texts(response)


def test_attempts_are_shown_to_owners_without_a_word_on_the_network(
    deployment: DjangoDeployment,
) -> None:
    client = login("add_listener")
    create(client)
    listener = only_listener(deployment)
    deployment.store.add_attempts(
        [
            attempt(
                listener_id=listener.id,
                result="dead",
                kind="blocked",
                status=None,
                error="10.0.0.7 is not public",
                public_error="could not connect",
                response_body="<script>alert(1)</script>",
            )
        ]
    )

    page = client.get(f"/webhooks/attempts/?listener={listener.id}")
    assert "could not connect" in texts(page)
    assert "10.0.0.7" not in page.content.decode()
    assert "<script>" not in page.content.decode()
    operator = login("view_attempt").get("/webhooks/attempts/?result=dead")
    assert "10.0.0.7" in texts(operator)


class Operations:
    """What the console would do, in a list."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def __call__(self, name: str, given: Mapping[str, Any], /, **_: Any) -> Any:
        self.asked.append((name, given))
        if name == "dead.browse":
            letter = {
                "webhook_id": "msg_1",
                "event_id": "1",
                "event_type": "person",
                "attempts": 4,
                "reason": "blocked address",
                "public_reason": "could not connect",
                "error": "",
                "dead_at_ms": 1_800_000_000_000,
                "body": '{"name": "Joe"}',
            }
            return [letter]
        return {"joe": 3} if name == "dead.count" else 1


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> Operations:
    console = Operations()
    monkeypatch.setattr("durian.django.operations.part", lambda _: console)
    return console


def test_dead_letters_are_counted_shown_and_sent_again(console: Operations) -> None:
    client = login("view_deadletter", "replay_listener")

    assert "joe 3" in texts(client.get("/webhooks/dead/"))
    page = client.get("/webhooks/joe/dead/")
    assert '{"name": "Joe"}' in texts(page)
    assert "blocked address" in texts(page)
    chosen = client.post("/webhooks/joe/dead/", {"letter": ["msg_1"], "action": "chosen"})
    assert "1 dead letter sent again." in texts(client.get(chosen["location"]))
    client.post("/webhooks/joe/dead/", {"action": "all"})
    client.post("/webhooks/joe/dead/", {"action": "chosen"})

    replays = [given for name, given in console.asked if name == "dead.replay"]
    assert [given["webhook_ids"] for given in replays] == [["msg_1"], None]


def test_owners_read_of_their_dead_letters_without_a_word_on_the_network(
    deployment: DjangoDeployment, console: Operations
) -> None:
    client = login("add_listener")
    create(client)
    page = texts(client.get(f"/webhooks/{only_listener(deployment).id}/dead/"))

    assert [name for name, _ in console.asked] == ["dead.browse"]
    assert "could not connect" in page
    assert "blocked" not in page


def test_replaying_needs_its_permission(console: Operations) -> None:
    assert login("view_deadletter").post("/webhooks/joe/dead/").status_code == 404
    assert console.asked == []


def test_a_broker_that_is_away_is_said_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: str) -> Any:
        raise BrokerUnavailable("RabbitMQ is away.")

    monkeypatch.setattr("durian.django.operations.part", away)
    response = login("view_deadletter").get("/webhooks/dead/")

    assert response.status_code == 503
    assert "RabbitMQ is away." in texts(response)


def test_an_event_is_sent_by_hand() -> None:
    client = login("emit_event")
    page = client.get("/webhooks/events/ping/send/")
    assert '{ "count": 1 }' in texts(page)
    assert '"name": ""' in texts(client.get("/webhooks/events/person/send/"))

    sent = client.post("/webhooks/events/ping/send/", {"data": '{"count": 2}'})
    assert sent.status_code == 302
    row = OutboxEvent.objects.get()
    assert (row.type, json.loads(row.event)["data"]) == ("ping", {"count": 2})
    assert "not JSON" in texts(client.post("/webhooks/events/ping/send/", {"data": "{"}))
    assert "JSON object" in texts(client.post("/webhooks/events/ping/send/", {"data": "[]"}))
    assert login().get("/webhooks/events/ping/send/").status_code == 403


def test_forms_need_a_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(Account.objects.create(username="joe", is_superuser=True))

    assert create(client).status_code == 403


def test_the_debug_view_shows_what_arrives(settings: Any, capsys: Any) -> None:
    settings.DEBUG = True
    client = Client(enforce_csrf_checks=True)
    body = {"name": "<b>Joe</b>"}
    headers = {"ce-type": "person"}
    response = client.post(
        "/webhooks/listening/", body, content_type="application/json", headers=headers
    )

    assert response.content == b"thanks!"
    assert "person" in capsys.readouterr().out
    page = client.get("/webhooks/listening/").content.decode()
    assert "&lt;b&gt;Joe&lt;/b&gt;" in page


def test_the_debug_view_is_there_in_debug_only() -> None:
    assert Client().post("/webhooks/listening/").status_code == 404


@pytest.mark.usefixtures("console")
def test_the_admin_has_the_same_pages(deployment: DjangoDeployment) -> None:
    client = login(staff=True, superuser=True)
    assert "Listeners" in texts(client.get("/admin/"))
    assert client.get("/admin/durian/listener/add/?event=person").status_code == 302
    response = client.post("/admin/durian/listener/add/listener/?event=person", screen())
    assert "Listener created" in texts(response)
    listener = only_listener(deployment)
    deployment.store.add_attempts([attempt(listener_id=listener.id)])

    pages = {
        "listener/": listener.url,
        f"listener/{listener.id}/change/": "Last attempts",
        f"listener/{listener.id}/edit/": "Change a listener",
        f"listener/{listener.id}/delete/": "Remove this listener?",
        f"listener/{listener.id}/dead/": "Send all again",
        "listener/events/ping/": "Send ping",
        "attempt/": listener.id,
        "deadletter/": "joe",
        "outboxevent/": "outbox",
    }
    for page, said in pages.items():
        response = client.get(f"/admin/durian/{page}")
        assert response.status_code == 200, page
        assert said in texts(response), page


def test_the_admin_asks_for_permissions_even_of_owners(deployment: DjangoDeployment) -> None:
    client = login("add_listener", staff=True)
    client.post("/admin/durian/listener/add/listener/?event=person", screen())
    listener = only_listener(deployment)

    assert client.get("/admin/durian/listener/").status_code == 403
    assert client.get(f"/admin/durian/listener/{listener.id}/change/").status_code == 403
    assert client.get("/admin/durian/attempt/").status_code == 403
    assert client.get(f"/webhooks/{listener.id}/").status_code == 200


def test_the_outbox_is_looked_at_and_not_touched() -> None:
    Hook(name="ping").send(None, count=1)
    row = OutboxEvent.objects.get()
    client = login(staff=True, superuser=True)

    assert '"count":1' in texts(client.get(f"/admin/durian/outboxevent/{row.pk}/change/"))
    assert client.post(f"/admin/durian/outboxevent/{row.pk}/delete/").status_code == 403


def test_a_list_of_many_goes_on(deployment: DjangoDeployment) -> None:
    deployment.store.add_listeners(
        (
            Listener.create(id=f"joe-{n:03}", url=f"https://joe.example/{n:03}", event="ping"),
            ListenerSecret.new(now=time.time()),
        )
        for n in range(60)
    )
    client = login("view_listener")
    page = client.get("/webhooks/").content.decode()
    (after,) = re.findall(r'href="\?after=([\w-]+)"', page)

    assert "joe.example/049" in page
    assert "joe.example/050" not in page
    assert "joe.example/059" in client.get(f"/webhooks/?after={after}").content.decode()


def test_events_that_no_relay_takes_are_told_of_to_those_who_may_see_the_outbox() -> None:
    client = login(superuser=True)
    create(client)
    Person.objects.create(name="Joe")
    assert "in the outbox" not in texts(client.get("/webhooks/"))

    OutboxEvent.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert "waiting in the outbox for 2 hours" in texts(client.get("/webhooks/"))
    assert "in the outbox" not in texts(login("view_listener").get("/webhooks/"))
