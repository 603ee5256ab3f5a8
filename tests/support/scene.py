"""A deployment in which much has happened: what pages look like on an ordinary day."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any, Final

from durian.broker.blocking import declare_all, publish_all
from durian.broker.port import Address
from durian.consumers.delivery import Delivery, webhook_id_of
from durian.events import Event, amqp
from durian.registry import HookSpec, OpenBreaker
from durian.registry.attempt import Attempt
from tests.support.api import Api
from tests.support.letters import give_up
from tests.support.registry import attempt

#: Ids, what they want, whose they are, how often they fail, and how long they take.
LISTENERS: Final = (
    ("billing", "order.#", "Invoices and refunds", 0.01, 40),
    ("crm", "person", "Customers are kept in step", 0.04, 120),
    ("mailing-list", "person", "Joe's mailing list", 0.0, 15),
    ("search-index", "#", "Everything that can be found", 0.02, 8),
    ("shipping", "order.paid", "Parcels are packed when it is paid", 0.55, 900),
    ("slack", "order.refunded", "A word to the support team", 0.0, 60),
)

HOOKS: Final = (
    HookSpec(
        name="order.paid",
        description="The payment of an order has arrived.",
        schema={
            "type": "object",
            "required": ["number", "total"],
            "properties": {
                "number": {"type": "integer", "description": "The number of the order"},
                "total": {"type": "number", "description": "What was paid, in euros"},
                "express": {"type": "boolean"},
                "customer": {
                    "type": "object",
                    "properties": {
                        "email": {"type": "string", "format": "email"},
                        "country": {"enum": ["de", "fr", "no"]},
                    },
                },
            },
        },
        example={
            "number": 4711,
            "total": 99.5,
            "express": True,
            "customer": {"email": "joe@where.joe", "country": "no"},
        },
    ),
    HookSpec(name="order.refunded", description="Money was given back.", example={"number": 4711}),
    HookSpec(
        name="person",
        description="Somebody was added, or something about them has changed.",
        example={"name": "Joe", "age": 31, "address": {"city": "Oslo"}},
    ),
)

#: What a receiver that fails says.
ANSWER: Final = '{"error": "database is locked", "request": "7f3a91"}'


def play(api: Api) -> None:
    """Let a day pass."""
    ask = api.asker("admin")
    for hook in HOOKS:
        api.store.put_hook(hook)
    for name, pattern, note, _, _ in LISTENERS:
        url = f"https://{name}.shop.example/webhooks"
        new = {"id": name, "url": url, "event": pattern, "description": note}
        new["owner"] = "acme" if name in ("crm", "shipping") else "shop"
        conditions = {"total": {"gte": 50}, "customer.country": "no"} if name == "shipping" else {}
        ask.post("/v1/listeners", new | {"filter": conditions})
    now = time.time()
    api.store.add_attempts(list(_attempts(random.Random(7), now)))  # a picture
    breaker = OpenBreaker(
        listener_id="shipping",
        failing_since=now - 2000,
        opened_at=now - 1900,
        failures=14,
        next_probe_at=now + 95,
    )
    api.store.open_breaker(breaker)
    orders = [_event("order.paid", number) for number in range(80)]
    people = [_event("person", number) for number in range(30)]
    events = Address(api.names.events, "order.paid")
    publish_all(api.broker, [(amqp.encode(one), events) for one in orders + people])
    give_up(api.broker, api.names, "shipping", *orders[:3], at=now - 1500)
    for queue in (api.names.route, api.names.attempts, api.names.listener_queue("billing")):
        # On an ordinary day somebody is at work.
        api.broker.consume(queue, lambda _received: None, prefetch=1)
    declare_all(api.broker, api.names.listener("shipping"))
    waiting = Address(api.names.deliver, "shipping")
    deliveries = [Delivery.of("shipping", amqp.encode(one)).anew() for one in orders[3:30]]
    publish_all(api.broker, [(one, waiting) for one in deliveries])


def _event(kind: str, number: int) -> Event:
    country = ("no", "de", "fr")[number % 3]
    data: dict[str, Any] = {
        "number": 4711 + number,
        "total": 20 + number * 7 % 200,
        "express": number % 2 == 0,
    }
    data |= {"customer": {"email": "joe@where.joe", "country": country}}
    return Event(id=f"{kind}-{number}", type=kind, source="/shop", data=data)


def _attempts(rng: random.Random, now: float) -> Iterator[Attempt]:
    for listener_id, pattern, _, failing, typical_ms in LISTENERS:
        for place in range(90 if listener_id == "slack" else 260):
            at = now - rng.random() ** 0.8 * 3550
            fails = rng.random() < (failing if at > now - 2000 or failing < 0.5 else 0.02)
            kind = "person" if pattern == "person" else "order.paid"
            event_id = f"{kind}-{place}"
            yield attempt(
                webhook_id_of("/shop", event_id, listener_id),
                listener_id=listener_id,
                event_id=event_id,
                event_type=kind,
                event_source="/shop",
                at_ms=round(at * 1000),
                latency_ms=max(2, round(rng.lognormvariate(0, 0.5) * typical_ms)),
                result="retry" if fails else "delivered",
                status=503 if fails else 200,
                next_at_ms=round((at + 300) * 1000) if fails else None,
                response_head="content-type: application/json",
                response_body=ANSWER if fails else '{"ok": true}',
            )
