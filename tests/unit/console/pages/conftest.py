"""An open house that something has happened in: what pages tell of."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from durian.broker.blocking import publish_all
from durian.broker.port import Address
from durian.consumers.delivery import webhook_id_of
from durian.events import Event, amqp
from durian.registry import HookSpec
from tests.support.api import Api
from tests.support.letters import give_up
from tests.support.pages import Visitor, logged_in
from tests.support.registry import attempt, now_ms

#: What is delivered to joe, and what is to zoe.
JOES: Final = webhook_id_of("/shop", "e-joe", "joe")
ZOES: Final = webhook_id_of("/shop", "e-zoe", "zoe")

PERSON: Final = HookSpec(
    name="person",
    description="Somebody was added.",
    schema={
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "Their full name"},
            "age": {"type": "integer"},
            "address": {"type": "object", "properties": {"city": {"type": "string"}}},
            "plan": {"enum": ["free", "pro"]},
        },
    },
    example={"name": "Joe", "age": 31, "address": {"city": "Oslo"}, "plan": "pro"},
)


def event(event_id: str, **data: Any) -> Event:
    """An event of type person."""
    return Event(id=event_id, type="person", source="/shop", data={"name": "Joe"} | data)


def publish(api: Api, *events: Event) -> None:
    """Put events where producers do."""
    to = Address(api.names.events, "person")
    publish_all(api.broker, [(amqp.encode(one), to) for one in events])


@pytest.fixture
def lively(api: Api) -> Api:
    """Listeners of two owners with attempts, a dead letter, and events in the archive."""
    api.store.put_hook(PERSON)
    ask, now = api.asker("admin"), now_ms()
    for name, owner in (("joe", "acme"), ("zoe", "bolt")):
        url = f"https://{name}.example/hook"
        new = {"id": name, "url": url, "event": "person", "owner": owner, "description": "a note"}
        ask.post("/v1/listeners", new | {"filter": {"name": {"startswith": "J"}}})
        api.store.add_attempts(
            attempt(
                webhook_id_of("/shop", f"e-{name}", name),
                listener_id=name,
                event_id=f"e-{name}",
                number=number,
                at_ms=now - 5000 + number,
                result=result,
                status=status,
                response_body=json.dumps({"said": f"by {name}"}),
            )
            for number, (result, status) in enumerate((("retry", 500), ("delivered", 200)), 1)
        )
    give_up(api.broker, api.names, "joe", event("dead-1"))
    publish(api, event("e-joe"), event("e-other", name="Bo"))
    return api


@pytest.fixture
def operator(lively: Api) -> Visitor:
    """Somebody who may do everything, and has logged in."""
    return logged_in(lively, "admin", "publish")
