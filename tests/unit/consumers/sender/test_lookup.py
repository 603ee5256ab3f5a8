"""Lookups are bounded in time and number, and remember nothing."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from durian.consumers.sender.fault import Fault
from durian.consumers.sender.lookup import Lookup, system_resolver

#: Seconds that nothing here should ever take.
PATIENCE_S = 10.0


class Gate:
    """A resolver that answers when it is told to."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.asked: list[str] = []
        self.threads: set[int] = set()

    def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        self.threads.add(threading.get_ident())
        self.open.wait(PATIENCE_S)
        return ["93.184.215.14"]


def test_every_lookup_asks_again() -> None:
    gate = Gate()
    gate.open.set()
    lookup = Lookup(gate)
    for _ in range(3):
        assert lookup.addresses("a.example", PATIENCE_S) == ["93.184.215.14"]
    assert gate.asked == ["a.example"] * 3


def test_lookups_of_one_name_at_a_time_are_one() -> None:
    gate = Gate()
    lookup = Lookup(gate)
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(lookup.addresses, "a.example", PATIENCE_S) for _ in range(8)]
        while lookup._under_way == {}:
            threading.Event().wait(0.001)
        gate.open.set()
        assert [one.result() for one in waiting] == [["93.184.215.14"]] * 8
    assert len(gate.asked) <= 8
    assert lookup._under_way == {}


def test_a_lookup_that_hangs_ends_in_time_for_who_waits() -> None:
    gate = Gate()
    lookup = Lookup(gate)
    with pytest.raises(Fault, match="no answer to the name lookup in time") as caught:
        lookup.addresses("a.example", 0.01)
    assert caught.value.kind == "dns"
    with pytest.raises(Fault):
        lookup.addresses("a.example", 0.01)
    assert gate.asked == ["a.example"]
    gate.open.set()


def test_lookups_under_way_are_bounded() -> None:
    gate = Gate()
    lookup = Lookup(gate, most=2)
    for host in "abcdeeff":
        with pytest.raises(Fault, match="in time"):
            lookup.addresses(f"{host}.example", 0.01)
    # Two that are slow, and two more that could not be told from others.
    assert gate.asked == ["a.example", "b.example", "c.example", "d.example"]
    gate.open.set()
    assert lookup.addresses("e.example", PATIENCE_S) == ["93.184.215.14"]


def test_names_that_hang_keep_no_other_from_being_looked_up() -> None:
    hung = threading.Event()

    def resolve(host: str) -> Sequence[str]:
        if host.startswith("dead"):
            hung.wait(PATIENCE_S)
        return ["93.184.215.14"]

    lookup = Lookup(resolve, most=2, quick_s=0.01)
    for _ in range(3):
        for number in range(2):
            with pytest.raises(Fault, match="in time"):
                lookup.addresses(f"dead{number}.example", 0.05)
    assert lookup.addresses("good.example", PATIENCE_S) == ["93.184.215.14"]
    hung.set()


def test_a_name_that_was_slow_once_is_like_others_when_it_answers_soon() -> None:
    gate = Gate()
    lookup = Lookup(gate, quick_s=PATIENCE_S)
    with pytest.raises(Fault, match="in time"):
        lookup.addresses("a.example", 0.01)
    assert list(lookup._slow_names) == ["a.example"]
    gate.open.set()
    lookup.addresses("a.example", PATIENCE_S)
    assert not lookup._slow_names


def test_a_resolver_that_fails_in_its_own_way_is_heard() -> None:
    def broken(_host: str) -> Sequence[str]:
        raise RuntimeError("odd")

    lookup = Lookup(broken)
    with pytest.raises(RuntimeError, match="odd"):
        lookup.addresses("a.example", PATIENCE_S)
    assert lookup._under_way == {}


def test_no_thread_for_a_lookup_is_a_dns_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    gate = Gate()
    gate.open.set()
    lookup = Lookup(gate, most=1)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(Fault, match="name lookup failed"):
            lookup.addresses("a.example", PATIENCE_S)
    assert lookup.addresses("a.example", PATIENCE_S) == ["93.184.215.14"]


def test_the_system_knows_this_machine() -> None:
    assert set(system_resolver("localhost")) <= {"127.0.0.1", "::1"}
