"""Text that would run where it got into a page as it is: at every place where strangers write."""

from __future__ import annotations

import time
from typing import Any, Final

from durian.broker.blocking import publish_all
from durian.broker.port import Address
from durian.consumers.delivery import Delivery, webhook_id_of
from durian.events import Event, amqp
from durian.events.message import Message
from durian.registry import HookSpec
from durian.registry.token import Token, new_token_id, new_token_text
from durian.registry.user import User
from durian.router.invalid import explained
from tests.support.api import Api
from tests.support.letters import give_up
from tests.support.registry import attempt

#: Without a space or a double quote, so that URLs and event types may hold it. Where it runs, the
#: window has a `hit`.
_BARE: Final = (
    "{name}<img/src=x/onerror=hit=1><script>hit=1</script><i/data-hit=1>'onfocus='hit=1"
    "</pre></textarea></title><svg/onload=hit=1>{{{{hit}}}}"
)


def bare(name: str) -> str:
    """Text of a place that takes no spaces; its name says where it comes from."""
    return _BARE.format(name=name)


def full(name: str) -> str:
    """Text of a place that takes anything."""
    return f'{bare(name)}" onfocus="hit=1" data-hit="1><b data-hit=1>b</b><!--'


def begin(name: str) -> str:
    """What can be read of either where it is text: all up to its first quote."""
    return bare(name).partition("'")[0]


#: The event that has it all, and the listener that it goes to.
TYPE: Final = bare("type")
ID: Final = full("id")
SOURCE: Final = f"javascript:{bare('source')}"
BAD: Final = "bad"
DELIVERY: Final = webhook_id_of(SOURCE, ID, BAD)


def poison(api: Api) -> str:
    """Write to every place; return the id of a job."""
    _add_listeners(api)
    schema = {
        "properties": {
            full("property"): {"description": full("property-note"), "enum": [full("enum")]},
            "plain": {"type": "string"},
        }
    }
    example = {full("example-key"): full("example")}
    hook = HookSpec(
        name=bare("hook"), description=full("hook-note"), schema=schema, example=example
    )
    api.store.put_hook(hook)
    ask = api.asker("admin", name=full("token"))
    _let_happen(api)
    _add_people(api)
    begun = ask("POST", f"/v1/listeners/{BAD}/dead-letters/replay", json={"webhook_ids": ["no"]})
    return str(api.job(ask, begun)["id"])


def _add_listeners(api: Api) -> None:
    ask = api.asker("admin")
    new: dict[str, Any] = {
        "id": BAD,
        "url": f"https://x.example/{bare('url')}",
        "event": "#",
        "description": full("listener-note"),
        "owner": full("owner"),
        "filter": {full("field"): {"contains": full("value")}},
        "policy": {"headers": {"x-note": full("header")}},
    }
    ask.post("/v1/listeners", new)
    plain = {"id": "plain", "url": "https://plain.example/", "event": bare("pattern")}
    ask.post("/v1/listeners", plain)


def _let_happen(api: Api) -> None:
    names, now = api.names, time.time()
    data = {full("key"): full("data"), full("field"): full("value")}
    event = Event(
        id=ID,
        type=TYPE,
        source=SOURCE,
        subject=full("subject"),
        data=data,
        extensions={"extension": full("extension")},
    )
    given = {"listener_id": BAD, "event_id": ID, "event_type": TYPE, "event_source": SOURCE}
    told = {
        "kind": full("kind"),
        "error": full("error"),
        "reason": full("reason"),
        "response_head": f"x-said: {full('response-head')}",
        "response_body": full("response-body"),
    }
    record = attempt(DELIVERY, at_ms=round(now * 1000), result="dead", status=None, **given, **told)
    api.store.add_attempts([record])
    message = amqp.encode(event)
    publish_all(api.broker, [(message, Address(names.events, "person"))])
    give_up(api.broker, names, BAD, event, at=now, why=(full("dead-reason"), full("dead-error")))
    orphan = Delivery.of("gone", message).anew()
    odd = Message(
        body=full("odd-body").encode(),
        headers={"ce-id": full("odd-id")},
        content_type=bare("odd-type"),
        routing_key=bare("odd-key"),
        exchange=bare("odd-exchange"),
    )
    aside = explained(odd, full("odd-reason"), now)
    places = ((orphan, names.orphans), (aside, names.invalid), (aside, names.unrouted))
    publish_all(api.broker, [(one, Address(place, "odd")) for one, place in places])


def _add_people(api: Api) -> None:
    now = time.time()
    token = Token(
        id=new_token_id(),
        name=full("token-name"),
        scopes=frozenset({"read"}),
        owner=full("token-owner"),
        created_at=now,
    )
    api.store.add_token(token, new_token_text(token.id))
    user = User(
        name="ann",
        scopes=frozenset({"read"}),
        owner=full("user-owner"),
        created_at=now,
        password_at=now,
    )
    api.store.add_user(user, "$argon2id$none")
