"""The asyncio producer with a real broker: confirmed, in order, and alive through faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from durian.errors import BrokerUnavailable, LoginRefused, QueueMissing, Unroutable
from durian.events import Event
from durian.producers import AsyncProducer, PartlyEmitted, PublishPolicy
from tests.support.declared import House
from tests.support.proxy import Proxy
from tests.support.rabbitmq import Node, free_ports

pytestmark = pytest.mark.rabbitmq

#: Gives up at once.
ONCE = PublishPolicy(attempts=1)

#: Notices a fault soon.
QUICK = PublishPolicy(
    connect_timeout_s=1.0, confirm_timeout_s=1.0, attempts=3, first_pause_s=0.05, give_up_after_s=3
)


@pytest.fixture
def proxy(house: House) -> Iterator[Proxy]:
    with Proxy(house.url) as proxy:
        yield proxy


def some_events(count: int) -> list[Event]:
    return [Event(type="person", data={"number": number}) for number in range(count)]


def test_an_event_is_safe_when_the_await_returns(house: House) -> None:
    async def main() -> Event:
        async with AsyncProducer(house.url, source="/shop") as producer:
            event = await producer.emit("person", {"name": "Joe"}, subject="joe")
            assert await asyncio.to_thread(house.ids) == [event.id]
            return event

    event = asyncio.run(main())
    assert (event.source, event.subject) == ("/shop", "joe")


def test_tasks_emit_at_the_same_time_over_one_connection(house: House, proxy: Proxy) -> None:
    async def main() -> list[Event]:
        async with AsyncProducer(proxy.url) as producer:
            return await asyncio.gather(*(producer.emit("person", n) for n in range(600)))

    events = asyncio.run(main())
    assert house.ids() == [event.id for event in events]
    assert proxy.connections == 1


def test_many_events_arrive_in_order(house: House) -> None:
    events = some_events(1200)

    async def as_they_come() -> AsyncIterator[Event]:
        for event in events[600:]:
            yield event

    async def main() -> tuple[int, int]:
        async with AsyncProducer(house.url) as producer:
            return await producer.emit_many(events[:600]), await producer.emit_many(as_they_come())

    assert asyncio.run(main()) == (600, 600)
    assert house.ids() == [event.id for event in events]


def test_the_unroutable_are_told_apart_from_the_rest(house: House) -> None:
    with house.channel() as channel:
        channel.exchange_declare("other.events", "topic", durable=True)
        channel.queue_bind(house.topology.route, "other.events", "wanted")

    async def main() -> list[Event | BaseException]:
        async with AsyncProducer(house.url, prefix="other") as producer:
            types = ["wanted", "unwanted"] * 50
            return await asyncio.gather(*map(producer.emit, types), return_exceptions=True)

    told = asyncio.run(main())
    assert [type(one) for one in told] == [Event, Unroutable] * 50
    assert house.ids() == [one.id for one in told if isinstance(one, Event)]


def test_refusals_are_told_to_everybody_who_waits(rabbitmq: Node, house: House) -> None:
    url = rabbitmq.vhost_url(house.url.rpartition("/")[2], "guest:hunter2")

    async def main() -> list[Event | BaseException]:
        async with AsyncProducer(url) as producer:
            return await asyncio.gather(
                *(producer.emit("person") for _ in range(3)), return_exceptions=True
            )

    told = asyncio.run(main())
    assert [type(one) for one in told] == [LoginRefused] * 3
    assert "hunter2" not in str(told)


def test_without_topology_it_says_what_to_run(amqp_url: str) -> None:
    async def main() -> None:
        async with AsyncProducer(amqp_url) as producer:
            await producer.emit("person")

    with pytest.raises(QueueMissing, match="durian topology --declare"):
        asyncio.run(main())


def test_where_nothing_listens_all_are_told_so_and_none_waits_for_the_others() -> None:
    (port,) = free_ports(1)

    async def main() -> list[Event | BaseException]:
        async with AsyncProducer(f"amqp://127.0.0.1:{port}", policy=QUICK) as producer:
            return await asyncio.gather(
                *(producer.emit("person") for _ in range(500)), return_exceptions=True
            )

    told = asyncio.run(asyncio.wait_for(main(), timeout=30))
    assert {type(one) for one in told} == {BrokerUnavailable}
    assert "nothing listens there" in str(told[-1])


def test_a_connection_that_is_reset_loses_nothing(house: House, proxy: Proxy) -> None:
    events = some_events(1200)

    def with_a_reset() -> Iterator[Event]:
        for number, event in enumerate(events):
            if number == 700:
                proxy.reset()
            yield event

    async def main() -> int:
        async with AsyncProducer(proxy.url) as producer:
            await producer.emit("person")  # there is a connection to be reset
            return await producer.emit_many(with_a_reset())

    assert asyncio.run(main()) == 1200
    assert set(house.ids()) > {event.id for event in events}
    assert proxy.connections == 2


def test_the_loop_goes_on_while_the_broker_says_nothing(house: House, proxy: Proxy) -> None:
    """While an emit waits out its confirm timeout, other tasks run."""
    del house

    async def main() -> int:
        turns = 0
        async with AsyncProducer(proxy.url, policy=QUICK) as producer:
            await producer.emit("person")
            proxy.stall(new=True)
            emitting = asyncio.create_task(producer.emit("person"))
            while not emitting.done():
                turns += 1
                await asyncio.sleep(0.01)
            assert isinstance(emitting.exception(), BrokerUnavailable)
        return turns

    # It waits at least a second for a confirm; a loop that was blocked would turn twice.
    assert asyncio.run(main()) > 10


def test_the_unconfirmed_of_many_are_named(amqp_url: str) -> None:
    events = some_events(10)

    async def main() -> PartlyEmitted:
        async with AsyncProducer(amqp_url, policy=ONCE) as producer:
            with pytest.raises(PartlyEmitted) as caught:
                await producer.emit_many(iter(events))
            return caught.value

    partly = asyncio.run(main())
    assert isinstance(partly.__cause__, QueueMissing)
    assert partly.confirmed == 0
    assert [*partly.unconfirmed, *partly.unread] == events
