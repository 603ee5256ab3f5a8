from __future__ import annotations

import threading

import pytest

from durian.errors import BrokerError, BrokerRefused, BrokerUnavailable
from durian.producers import PublishPolicy
from durian.producers.broker_url import BrokerUrl, parse_broker_urls
from durian.producers.pool import Pool
from tests.support.links import FakeLink


class Brokers:
    """Opens fake links to hosts, and refuses as told."""

    def __init__(self) -> None:
        self.faults: dict[str, BrokerError] = {}
        self.asked: list[str] = []

    def open(self, url: BrokerUrl, policy: PublishPolicy) -> FakeLink:
        self.asked.append(url.host)
        if url.host in self.faults:
            raise self.faults[url.host]
        return FakeLink(url, policy)


@pytest.fixture
def brokers(monkeypatch: pytest.MonkeyPatch) -> Brokers:
    brokers = Brokers()
    monkeypatch.setattr("durian.producers.pool.Link", brokers.open)
    return brokers


def pool_of(text: str = "amqp://one", *, size: int = 2, give_up_after_s: float = 5.0) -> Pool:
    policy = PublishPolicy(give_up_after_s=give_up_after_s)
    return Pool(parse_broker_urls(text), policy, size=size)


def test_a_link_is_kept_for_the_next_event(brokers: Brokers) -> None:
    pool = pool_of()
    with pool.link() as first:
        pass
    with pool.link() as second:
        assert second is first
    assert brokers.asked == ["one"]


def test_a_link_in_use_is_not_lent_twice(brokers: Brokers) -> None:
    pool = pool_of()
    with pool.link() as first, pool.link() as second:
        assert first is not second
    assert brokers.asked == ["one", "one"]


@pytest.mark.usefixtures("brokers")
def test_a_dead_link_is_replaced() -> None:
    pool = pool_of()
    with pool.link() as first:
        assert isinstance(first, FakeLink)
        first.dead = True
    with pool.link() as second:
        assert second is not first
    assert first.calls == ["rest", "close"]


@pytest.mark.usefixtures("brokers")
def test_a_broken_link_is_closed_when_it_comes_back() -> None:
    pool = pool_of()
    with pool.link() as first:
        assert isinstance(first, FakeLink)
        first.broken = True
    assert first.calls == ["close"]


@pytest.mark.usefixtures("brokers")
def test_who_comes_when_all_are_in_use_waits_and_is_told() -> None:
    pool = pool_of(size=1, give_up_after_s=0.01)
    with pool.link(), pytest.raises(BrokerUnavailable, match="All 1 connections"), pool.link():
        pytest.fail("it was lent")


@pytest.mark.usefixtures("brokers")
def test_who_waits_gets_the_link_that_comes_back() -> None:
    pool = pool_of(size=1)
    got: list[object] = []

    def second() -> None:
        with pool.link() as link:
            got.append(link)

    with pool.link() as first:
        thread = threading.Thread(target=second)
        thread.start()
    thread.join(timeout=10)
    assert got == [first]


def test_the_next_broker_is_asked_and_kept(brokers: Brokers) -> None:
    brokers.faults["one"] = BrokerUnavailable("one is away.")
    pool = pool_of("amqp://one;amqp://two")
    with pool.link() as first, pool.link() as second:
        assert (first.url.host, second.url.host) == ("two", "two")
    assert brokers.asked == ["one", "two", "two"]


def test_when_no_broker_works_every_reason_is_told(brokers: Brokers) -> None:
    brokers.faults["one"] = BrokerUnavailable("one is away.")
    brokers.faults["two"] = BrokerRefused("two says no.")
    with (
        pytest.raises(BrokerUnavailable, match=r"one is away\. two says no\."),
        pool_of("amqp://one;amqp://two").link(),
    ):
        pytest.fail("it was lent")


def test_a_refusal_by_all_brokers_is_a_refusal(brokers: Brokers) -> None:
    brokers.faults = {"one": BrokerRefused("one: no."), "two": BrokerRefused("two: no.")}
    with pytest.raises(BrokerRefused), pool_of("amqp://one;amqp://two").link():
        pytest.fail("it was lent")


@pytest.mark.usefixtures("brokers")
def test_a_failure_to_connect_gives_its_place_back(brokers: Brokers) -> None:
    pool = pool_of(size=1, give_up_after_s=0.01)
    brokers.faults["one"] = BrokerUnavailable("one is away.")
    with pytest.raises(BrokerUnavailable, match="one is away"), pool.link():
        pytest.fail("it was lent")
    brokers.faults.clear()
    with pool.link() as link:
        assert link.url.host == "one"


@pytest.mark.usefixtures("brokers")
def test_closing_closes_what_rests_now_and_what_is_in_use_later() -> None:
    pool = pool_of()
    with pool.link() as busy:
        with pool.link() as resting:
            pass
        pool.close()
        assert isinstance(resting, FakeLink)
        assert isinstance(busy, FakeLink)
        assert (resting.calls, busy.calls) == (["rest", "close"], [])
    assert busy.calls == ["close"]
    with pytest.raises(BrokerError, match="closed"), pool.link():
        pytest.fail("it was lent")


@pytest.mark.usefixtures("brokers")
def test_a_forked_child_begins_without_the_links_of_its_parent() -> None:
    pool = pool_of(size=1)
    with pool.link() as parents:
        pass
    pool.forget()  # what happens in a child after a fork
    assert isinstance(parents, FakeLink)
    assert parents.calls == ["rest", "forget"]
    with pool.link() as childs:
        assert childs is not parents
