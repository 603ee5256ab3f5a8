"""A router that starts by a snapshot routes as one that has read the whole registry."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from durian.broker.blocking import declare_all
from durian.broker.clock import FakeClock
from durian.broker.memory import MemoryBroker
from durian.broker.port import Address, Received
from durian.broker.topology import Topology
from durian.errors import QueueMissing, RegistryUnavailable
from durian.events import Event, amqp
from durian.registry.changes import Changes
from durian.router import Router
from durian.router.snapshot import Snapshot
from tests.support.whole import FakeRegistry, listener

NAMES = Topology()


class PagedRegistry(FakeRegistry):
    """A registry whose pages hold one listener, and that can go away between them."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def stream(self, since: int) -> Iterator[Changes]:
        (whole,) = super().stream(since)
        for each in sorted(whole.listeners, key=lambda one: one.id):
            self._asked()
            self.read.append(each.id)
            yield Changes(version=self.version, listeners=(each,))
        yield Changes(version=self.version, removed=whole.removed)

    def changes_of(self, listener_ids: Collection[str]) -> Changes:
        self._asked()
        return super().changes_of(listener_ids)


class Site:
    """A broker and a registry, at which routers start one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = FakeClock()
        self.broker = MemoryBroker(self.clock)
        self.broker.start()
        declare_all(self.broker, NAMES.house())
        self.registry = PagedRegistry()

    def router(self, registry: str = "this") -> Router:
        """A router that has not looked at the registry yet."""
        self.registry.read.clear()
        snapshot = Snapshot(self.path, registry)
        return Router(self.broker, NAMES, self.registry, snapshot=snapshot)

    def look(self, router: Router) -> None:
        router.follower.catch_up()
        self.broker.run()

    def known(self, router: Router) -> set[str]:
        return {listener_id for listener_id, _ in router.index.everyone()}

    def emit(self, number: int, event_type: str) -> None:
        message = amqp.encode(Event(id=str(number), type=event_type, data={}))
        self.broker.publish(message, Address(NAMES.events, event_type), lambda _error: None)
        self.broker.run()

    def queued(self, listener_id: str) -> list[str]:
        """Ids of the events in a listener's queue, in order."""
        found: list[Received] = []
        self.broker.consume(NAMES.listener_queue(listener_id), found.append, prefetch=100)
        self.broker.run()
        return [each.id for one in found for each in amqp.decode(one.message)]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site whose first router has left a snapshot of three listeners."""
    made = Site(tmp_path / "snapshot")
    for name in ("a", "b", "c"):
        made.registry.put(listener(name, f"for.{name}.#"))
    first = made.router()
    made.look(first)
    first.stop()
    return made


def test_what_changed_since_is_all_that_is_read_before_events_are_routed(site: Site) -> None:
    site.registry.put(listener("b", "other"))
    site.registry.put(listener("d", "for.d"))
    site.registry.remove("c")
    router = site.router()
    assert site.known(router) == {"a", "b", "c"}
    seen: list[list[str]] = []
    router.follower._on_synced = lambda: seen.append([*site.registry.read])
    site.look(router)
    assert seen == [["b", "d"]]
    assert site.known(router) == {"a", "b", "d"}
    assert router.index.match(Event(type="other", data={})) == ["b"]
    assert router.index.match(Event(type="for.b.1", data={})) == []


def test_afterwards_every_queue_is_declared(site: Site) -> None:
    for name in ("a", "b", "c"):
        site.broker.delete_queue(NAMES.listener_queue(name), lambda _error: None)
    site.broker.run()
    router = site.router()
    for _ in range(5):
        site.look(router)
    assert not router.follower.resumed
    assert [site.broker.ready(NAMES.listener_queue(name)) for name in ("a", "b", "c")] == [0, 0, 0]


def test_an_event_waits_until_the_queues_it_goes_to_were_seen(site: Site) -> None:
    site.registry.put(listener("ab", "for.#"))
    first = site.router()
    site.look(first)
    first.stop()
    site.broker.delete_queue(NAMES.listener_queue("c"), lambda _error: None)
    router = site.router()
    site.look(router)  # and the first page, of "a"
    site.emit(1, "for.c.1")
    site.emit(2, "for.a.1")
    with pytest.raises(QueueMissing):
        site.broker.ready(NAMES.listener_queue("c"))
    site.look(router)
    assert site.registry.read == ["a"], "what an event waits for comes before the next page"
    assert site.queued("c") == ["1"]
    assert site.queued("ab") == ["1", "2"]
    assert site.queued("a") == ["2"]


def test_a_version_that_the_registry_has_no_more_makes_the_router_wait_for_all_of_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    del site.registry.listeners["c"]  # and its tombstone was cleared away
    stream = site.registry.stream

    def pruned(since: int) -> Iterator[Changes]:
        for at, page in enumerate(stream(0)):
            yield replace(page, reset=not at and since != 0)

    monkeypatch.setattr(site.registry, "stream", pruned)
    router = site.router()
    seen: list[set[str]] = []
    router.follower._on_synced = lambda: seen.append(site.known(router))
    site.look(router)
    assert seen == [{"a", "b"}]
    assert not router.follower.resumed


def test_an_event_that_waits_is_routed_once_the_registry_is_back(site: Site) -> None:
    router = site.router()
    site.look(router)
    site.emit(1, "for.b.1")
    site.emit(2, "for.c.1")
    site.registry.away = True
    with pytest.raises(RegistryUnavailable):
        site.look(router)
    assert (site.queued("b"), site.queued("c")) == ([], [])
    site.registry.away = False
    for _ in range(6):
        site.look(router)
    assert not router.follower.resumed
    assert site.broker.ready(NAMES.route) == 0
    assert router.counts.deliveries == 2


def test_a_reading_that_breaks_off_is_not_taken_for_the_whole_registry(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = site.router()
    site.look(router)
    with monkeypatch.context() as broken:
        broken.setattr(site.registry, "_asked", lambda: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            site.look(router)
    site.look(router)
    assert site.known(router) == {"a", "b", "c"}
    for _ in range(6):
        site.look(router)
    assert site.known(router) == {"a", "b", "c"}
    assert not router.follower.resumed


def test_who_is_in_no_registry_is_forgotten_when_it_is_met(site: Site) -> None:
    del site.registry.listeners["c"]  # a backup was restored: there is no trace of it
    router = site.router()
    site.look(router)
    site.emit(1, "for.c.1")
    site.look(router)
    assert site.known(router) == {"a", "b"}
    assert router.counts.unmatched == 1


def test_what_the_snapshot_lacks_is_found_all_the_same(site: Site) -> None:
    version = site.registry.version
    site.registry.put(listener("d", "for.d"))
    site.registry.listeners["d"] = (version, listener("d", "for.d"))
    router = site.router()
    for _ in range(6):
        site.look(router)
    assert site.known(router) == {"a", "b", "c", "d"}


@pytest.mark.parametrize("how", ["another registry", "damaged", "of nothing", "missing"])
def test_a_file_that_cannot_be_used_costs_a_line_in_the_log(
    site: Site, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    if how == "damaged":
        site.path.write_bytes(site.path.read_bytes()[:-1])
    elif how == "of nothing":
        router = site.router()
        router.index.save(site.path, "[7]")
    elif how == "missing":
        site.path.unlink()
    caplog.set_level(logging.INFO, "durian.router")
    caplog.clear()
    router = site.router("another" if how == "another registry" else "this")
    (line,) = caplog.messages
    assert line.startswith(
        "router.snapshot_missing" if how == "missing" else "router.snapshot_unusable"
    )
    assert str(site.path) in line
    site.look(router)
    assert site.registry.read == ["a", "b", "c"]
    assert site.known(router) == {"a", "b", "c"}


def test_the_file_is_written_when_the_registry_changed_and_at_the_end(site: Site) -> None:
    def saved() -> int:
        restored = Snapshot(site.path, "this").restore()
        assert restored is not None
        return restored[1]

    router = site.router()
    before = site.path.stat().st_ino
    for _ in range(6):
        site.look(router)
    assert site.path.stat().st_ino == before, "nothing has changed"
    for expected in (4, 4, 6):
        site.registry.put(listener("d"))
        site.look(router)
        assert saved() == expected
        site.clock.advance(200)
    site.registry.put(listener("d"))
    site.look(router)
    assert saved() == 6
    router.stop()
    assert saved() == 7
    assert site.path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_keeps_nobody_from_routing(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.path = site.path.parent / "absent" / "snapshot"
    router = site.router()
    site.look(router)
    assert [line for line in caplog.messages if line.startswith("router.snapshot_failed")]
    site.emit(1, "for.a.1")
    assert site.queued("a") == ["1"]
    router.stop()


def test_a_router_that_never_knew_all_leaves_the_file_alone(site: Site) -> None:
    before = site.path.read_bytes()
    site.registry.put(listener("d"))
    site.router().stop()
    assert site.path.read_bytes() == before
