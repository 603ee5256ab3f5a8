from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from durian.errors import (
    BrokerError,
    BrokerUnavailable,
    InvalidEvent,
    PublishRejected,
    Unroutable,
)
from durian.events import Event
from durian.producers import AsyncProducer, PartlyEmitted, PublishPolicy
from durian.producers.asynchronous import MOST_UNDER_WAY
from durian.producers.ledger import Receipt
from durian.producers.stream import STRIDE
from durian.registry import HookSpec
from tests.support.links import FakeLink

#: Quick to try again and to give up.
POLICY = PublishPolicy(attempts=3, first_pause_s=1e-9, longest_pause_s=1e-9)

PERSON = HookSpec(name="person", schema={"type": "object", "required": ["name"]})


class GatedLink(FakeLink):
    """Tells nothing of what was published before its gate is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        #: Set as soon as somebody waits at the gate.
        self.awaited = threading.Event()

    def collect(self, *, wait: bool) -> list[Receipt]:
        """Wait for the gate first, when told to wait at all."""
        if wait:
            self.awaited.set()
            assert self.gate.wait(timeout=60)
        return super().collect(wait=wait)


def some_events(count: int) -> list[Event]:
    return [Event(type="person", data={"name": str(number)}) for number in range(count)]


def published(*links: FakeLink) -> list[Event]:
    return [outgoing.event for link in links for outgoing in link.published]


async def emit_all(*given: Event) -> list[Event | BaseException]:
    async with AsyncProducer("amqp://x", policy=POLICY) as producer:
        return await asyncio.gather(*map(producer.emit, given), return_exceptions=True)


def test_what_emit_is_given_becomes_an_event(links: list[FakeLink]) -> None:
    links.append(FakeLink())

    async def main() -> Event:
        async with AsyncProducer("amqp://x", source="/shop") as producer:
            return await producer.emit("person", {"name": "Joe"}, subject="joe")

    event = asyncio.run(main())
    assert published(links[0]) == [event]
    assert (event.source, event.subject, event.data) == ("/shop", "joe", {"name": "Joe"})
    assert links[0].calls[-1] == "close"


def test_events_emitted_at_the_same_time_share_a_link_and_keep_their_order(
    links: list[FakeLink],
) -> None:
    links.append(FakeLink())
    given = some_events(MOST_UNDER_WAY + 10)
    assert asyncio.run(emit_all(*given)) == given
    assert published(links[0]) == given


def test_a_fault_is_survived_with_the_same_events(links: list[FakeLink]) -> None:
    links += [FakeLink(breaks_at=1), FakeLink()]
    given = some_events(3)
    assert asyncio.run(emit_all(*given)) == given
    assert published(links[1])[-1] == given[-1]


def test_a_rejected_event_is_published_again_and_the_others_only_once(
    links: list[FakeLink],
) -> None:
    links.append(FakeLink(rejects=[1]))
    given = some_events(4)
    assert asyncio.run(emit_all(*given)) == given
    assert sorted(published(links[0]).count(event) for event in given) == [1, 1, 1, 2]


def test_an_event_that_is_always_rejected_is_an_error_of_its_own(links: list[FakeLink]) -> None:
    links.append(FakeLink(rejects=[0, 1, 2]))
    given = some_events(2)

    async def one_after_the_other() -> tuple[BaseException | Event, ...]:
        async with AsyncProducer("amqp://x", policy=POLICY) as producer:
            first = await asyncio.gather(producer.emit(given[0]), return_exceptions=True)
            return first[0], await producer.emit(given[1])

    first, second = asyncio.run(one_after_the_other())
    assert isinstance(first, PublishRejected)
    assert second is given[1]


def test_an_unroutable_event_does_not_stop_the_others(links: list[FakeLink]) -> None:
    links.append(FakeLink(returns=[1]))
    given = some_events(4)
    told = asyncio.run(emit_all(*given))
    assert isinstance(told[1], Unroutable)
    assert [one for one in told if one is not told[1]] == [given[0], *given[2:]]


def test_when_no_attempt_helps_everybody_gets_the_last_error(links: list[FakeLink]) -> None:
    links.append(FakeLink(breaks_at=0))
    told = asyncio.run(emit_all(*some_events(3)))
    assert [str(one).partition(".")[0] for one in told] == ["no broker"] * 3
    assert all(isinstance(one, BrokerUnavailable) for one in told)


def test_a_failure_that_nobody_foresaw_is_told_and_not_the_end(
    links: list[FakeLink], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    links.append(FakeLink())
    (event,) = some_events(1)

    async def main() -> Event:
        async with AsyncProducer("amqp://x") as producer:
            with monkeypatch.context() as patch:
                patch.setattr("durian.producers.pool.Pool.link", lambda _: 1 / 0)
                with pytest.raises(BrokerError, match="division by zero"):
                    await producer.emit(event)
            return await producer.emit(event)

    assert asyncio.run(main()) is event
    assert "ZeroDivisionError" in caplog.text


def test_an_event_that_is_not_what_its_hook_says_is_not_published() -> None:
    async def main() -> None:
        async with AsyncProducer("amqp://x", hooks={"person": PERSON}) as producer:
            await producer.emit("person", {})

    with pytest.raises(InvalidEvent, match="name"):
        asyncio.run(main())


def test_a_cancelled_emit_that_waits_behind_others_publishes_nothing(
    links: list[FakeLink],
) -> None:
    link = GatedLink()
    links.append(link)
    given = some_events(2)

    async def main() -> None:
        async with AsyncProducer("amqp://x") as producer:
            first = asyncio.create_task(producer.emit(given[0]))
            assert await asyncio.to_thread(link.awaited.wait, 60)
            second = asyncio.create_task(producer.emit(given[1]))
            await asyncio.sleep(0)
            second.cancel()
            await asyncio.gather(second, return_exceptions=True)
            link.gate.set()
            assert await first is given[0]

    asyncio.run(main())
    assert published(link) == given[:1]


def test_an_iterable_is_read_no_further_than_there_is_room(links: list[FakeLink]) -> None:
    link = GatedLink()
    links.append(link)
    read: list[Event] = []

    def reading() -> Iterator[Event]:
        for event in some_events(3 * MOST_UNDER_WAY):
            read.append(event)
            yield event

    async def main() -> int:
        async with AsyncProducer("amqp://x") as producer:
            emitting = asyncio.create_task(producer.emit_many(reading()))
            seen = -1
            while seen != len(read):
                seen = len(read)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            assert len(read) == MOST_UNDER_WAY + 1  # one waits for room
            link.gate.set()
            return await emitting

    assert asyncio.run(main()) == 3 * MOST_UNDER_WAY


def test_other_tasks_run_while_many_events_are_taken(links: list[FakeLink]) -> None:
    links.append(FakeLink())
    turns: list[int] = []

    async def main() -> None:
        taken = 0

        def counting() -> Iterator[Event]:
            nonlocal taken
            for event in some_events(4 * STRIDE):
                taken += 1
                yield event

        async def watch() -> None:
            while taken < 4 * STRIDE:
                turns.append(taken)
                await asyncio.sleep(0)

        async with AsyncProducer("amqp://x") as producer:
            await asyncio.gather(producer.emit_many(counting()), watch())

    asyncio.run(main())
    assert len(turns) >= 4


def test_an_error_of_many_accounts_for_every_event(links: list[FakeLink]) -> None:
    links.append(FakeLink(breaks_at=6))
    given = some_events(2000)

    async def main() -> PartlyEmitted:
        async with AsyncProducer("amqp://x", policy=POLICY) as producer:
            with pytest.raises(PartlyEmitted) as caught:
                await producer.emit_many(given)
            return caught.value

    partly = asyncio.run(main())
    assert isinstance(partly.__cause__, BrokerUnavailable)
    rest = list(partly.unread)
    assert [*partly.unconfirmed, *rest] == given[partly.confirmed :]


def test_an_event_that_cannot_be_published_ends_it_after_the_ones_before(
    links: list[FakeLink],
) -> None:
    links.append(FakeLink())
    good, bad = some_events(3), Event(type="person", data={})

    async def stream() -> AsyncIterator[Event]:
        for event in [*good, bad, *some_events(3)]:
            yield event

    async def main() -> PartlyEmitted:
        async with AsyncProducer("amqp://x", hooks={"person": PERSON}) as producer:
            with pytest.raises(PartlyEmitted) as caught:
                await producer.emit_many(stream())
            return caught.value

    partly = asyncio.run(main())
    assert (partly.confirmed, partly.unconfirmed, list(partly.unread)) == (3, (bad,), [])
    assert published(links[0]) == good


def test_an_iterable_that_fails_is_raised_when_the_ones_before_are_safe(
    links: list[FakeLink],
) -> None:
    links.append(FakeLink())

    def two_and_out() -> Iterator[Event]:
        yield from some_events(2)
        raise LookupError("the database went away")

    async def main() -> None:
        async with AsyncProducer("amqp://x") as producer:
            await producer.emit_many(two_and_out())

    with pytest.raises(LookupError) as caught:
        asyncio.run(main())
    assert caught.value.__notes__ == ["2 events were confirmed before."]


def test_a_cancelled_emit_many_waits_for_nothing(links: list[FakeLink]) -> None:
    link = GatedLink()
    links.append(link)
    given = some_events(10)

    async def main() -> None:
        async with AsyncProducer("amqp://x") as producer:
            emitting = asyncio.create_task(producer.emit_many(given))
            assert await asyncio.to_thread(link.awaited.wait, 60)
            emitting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await emitting
            link.gate.set()

    asyncio.run(main())
    assert published(link) == given[: len(link.published)]


def test_a_closed_producer_says_so(links: list[FakeLink]) -> None:
    links.append(FakeLink())

    async def main() -> None:
        producer = AsyncProducer("amqp://x")
        await producer.emit("person")
        await producer.close()
        await producer.close()
        with pytest.raises(BrokerError, match="was closed"):
            await producer.emit("person")

    asyncio.run(main())


def test_a_producer_that_was_never_used_is_closed_without_a_thread() -> None:
    async def main() -> None:
        before = threading.active_count()
        producer = AsyncProducer("amqp://x")
        assert threading.active_count() == before
        await producer.close()

    asyncio.run(main())
