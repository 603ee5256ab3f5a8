"""A registry with as many listeners and attempts as somebody may have."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from durian.broker.blocking import publish_all
from durian.broker.port import Address
from durian.consumers.delivery import webhook_id_of
from durian.events import Event, amqp
from durian.registry import HookSpec, Listener, ListenerSecret
from durian.registry.attempt import Attempt
from durian.registry.token import Token, new_token_id, new_token_text
from tests.support.api import Api

#: Attempts that are written at once.
CHUNK = 5000

#: Seconds over which they are spread: the longest that pages tell of.
SPREAD_S = 7 * 86_400

#: Listeners that each event goes to.
FAN_OUT = 10

#: Events in the archive.
EVENTS = 100


def seed(api: Api, listeners: int, attempts: int) -> str:
    """Fill a registry, and an archive; return the text of a token that may everything."""
    schema = {"properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}
    api.store.put_hook(HookSpec(name="person", schema=schema, example={"name": "Joe"}))
    secret = ListenerSecret.new(now=time.time())
    for number in range(listeners):
        given = {"url": f"https://host-{number}.example/hook", "description": f"number {number}"}
        filter_ = '{"name": {"startswith": "J"}}'
        listener = Listener.create(id=name_of(number), event="person", filter=filter_, **given)
        api.store.add_listener(listener, secret)
    rng = random.Random(1)  # noqa: S311  # figures are to be the same again
    made = _attempts(rng, listeners, attempts)
    while chunk := [one for _, one in zip(range(CHUNK), made, strict=False)]:
        api.store.add_attempts(chunk)
    to = Address(api.names.events, "person")
    messages = [amqp.encode(_event(number)) for number in range(EVENTS)]
    publish_all(api.broker, [(message, to) for message in messages])
    token = Token(
        id=new_token_id(), name="bench", scopes=frozenset({"admin"}), created_at=time.time()
    )
    text = new_token_text(token.id)
    api.store.add_token(token, text)
    return text


def name_of(number: int) -> str:
    """The id of a listener."""
    return f"listener-{number}"


def _event(number: int) -> Event:
    return Event(id=f"e-{number}", type="person", source="/bench", data={"name": f"Joe {number}"})


def _attempts(rng: random.Random, listeners: int, attempts: int) -> Iterator[Attempt]:
    now_ms = round(time.time() * 1000)
    for number in range(attempts):
        listener_id = name_of(number % listeners)
        event_id = f"e-{number // FAN_OUT}"
        fails = rng.random() < 0.05  # one in twenty
        yield Attempt(
            webhook_id=webhook_id_of("/bench", event_id, listener_id),
            listener_id=listener_id,
            event_id=event_id,
            event_type="person",
            event_source="/bench",
            number=1,
            at_ms=now_ms - round(SPREAD_S * 1000 * (attempts - number) / attempts),
            latency_ms=rng.randrange(5, 500),
            result="retry" if fails else "delivered",
            kind="response",
            status=500 if fails else 200,
            response_head="content-type: text/plain",
            response_body="thanks",
        )
