"""What every event costs, counted: a slip on a hot path fails here, on however busy a machine.

Counted are bytecode instructions of our own code, in one thread and by a clock that is moved by
hand, so that every run counts the same. What C does (JSON, regular expressions, sockets) is not in
it; `make bench` has the rest. A budget is what was counted last, and a change of a fifth either way
asks for a new one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from pika import BasicProperties, frame, spec

from durian.broker.port import Address
from durian.broker.rabbit.incoming import confirm_in, delivery_in, is_delivery
from durian.broker.rabbit.outgoing import acking, publishing
from durian.events import Event
from tests.support.house import ROOT, SOURCE_ROOTS
from tests.support.whole import House, listener

#: Instructions that each takes, by version of Python: other versions cut code into others.
BUDGETS = {
    "route": {(3, 11): 2480},
    "route and deliver": {(3, 11): 5780},
    "wire": {(3, 11): 1380},
}

#: What is counted.
Step = Callable[[], None]

#: How far from its budget a count may be, and how much further in another version of Python.
SLACK = 0.2
OTHER_PYTHON = 0.3

#: The embedded broker stands in for RabbitMQ, and is on nobody's hot path.
STAND_IN = str(ROOT / "router" / "durian" / "broker" / "memory")


class Count:
    """Instructions that were run."""

    def __init__(self) -> None:
        self.total = 0
        self._ours: dict[str, bool] = {}

    def called(self, called: FrameType, _event: str, _argument: object) -> Any:
        file = called.f_code.co_filename
        if file not in self._ours:
            below = any(Path(file).is_relative_to(source) for source in SOURCE_ROOTS)
            self._ours[file] = below and not file.startswith(STAND_IN)
        if not self._ours[file]:
            return None
        called.f_trace_opcodes, called.f_trace_lines = True, False
        return self._run

    def _run(self, _frame: FrameType, event: str, _argument: object) -> Any:
        if event == "opcode":
            self.total += 1
        return self._run


@contextmanager
def counting() -> Iterator[Count]:
    before, count = sys.gettrace(), Count()
    sys.settrace(count.called)
    try:
        yield count
    finally:
        sys.settrace(before)


def each(step: Step) -> float:
    """Instructions of a step that has been taken before."""
    for _ in range(5):
        step()
    with counting() as count:
        for _ in range(10):
            step()
    return count.total / 10


def emitting(house: House) -> Step:
    event = Event(type="person", data={"name": "Joe", "address": "12 Main Street"})
    return lambda: house.emit(event)


def wire() -> None:
    """Read a delivery and a confirm, write a publish and an ack."""
    frames = WIRE
    assert is_delivery(frames[0])
    delivery = delivery_in(frames, 0)
    assert delivery is not None
    publishing(delivery.message, TO, 1, 100_000)
    assert confirm_in(frames[3]) is not None
    acking(1, 7, several=True)


TO = Address("durian.deliver", "listener-1")
HEADERS = {f"ce-{name}": "some text" for name in ("specversion", "id", "source", "type", "time")}
WIRE = [
    frame.Method(1, spec.Basic.Deliver("c", 7, exchange="x", routing_key="person")).marshal(),
    frame.Header(1, 2, BasicProperties(headers=HEADERS, content_type="text/plain")).marshal(),
    frame.Body(1, b"{}").marshal(),
    frame.Method(1, spec.Basic.Ack(7)).marshal(),
]


def route() -> Step:
    house = House()
    house.add(listener("joe", "person", filter='{"name": {"is": "Joe"}}', paused=True))
    return emitting(house)


def route_and_deliver() -> Step:
    house = House()
    house.add(listener("joe", "person", filter='{"name": {"is": "Joe"}}'))
    return emitting(house)


@pytest.mark.parametrize(
    ("name", "prepare"),
    [("route", route), ("route and deliver", route_and_deliver), ("wire", lambda: wire)],
)
def test_an_event_takes_what_it_took(name: str, prepare: Callable[[], Step]) -> None:
    step = prepare()
    found = each(step)
    assert found == each(step), "the count is not the same every time"
    version = sys.version_info[:2]
    slack = SLACK if version in BUDGETS[name] else SLACK + OTHER_PYTHON
    budget = BUDGETS[name].get(version, BUDGETS[name][3, 11])
    assert abs(found / budget - 1) <= slack, f"{name} takes {found:.0f} instructions, not {budget}"
