"""`durian topology` shows every part with its arguments."""

from __future__ import annotations

import json

import pytest

from durian.broker.parts import Binding, Exchange, Queue
from durian.broker.topology import Topology
from durian.console import entry, exits, parts
from durian.console.settings import load


def test_one_of_each_kind_of_part_is_shown() -> None:
    names = Topology("x")
    shown = list(parts.all_parts(names, load(queue_type="classic")))
    house = list(names.house())
    assert shown[: len(house)] == house
    queues = {part.name: part for part in shown if isinstance(part, Queue)}
    assert queues["x.listener.ID"].arguments["x-queue-type"] == "classic"
    assert {"x.dead.ID", "x.delay.100"} <= set(queues)


@pytest.mark.parametrize(
    ("part", "row"),
    [
        (Exchange("e", "topic", {"alternate-exchange": "u"}), ("exchange", "e", "topic")),
        (Queue("q", {"x-queue-type": "quorum"}), ("queue", "q", "quorum")),
        (Queue("q", exclusive=True), ("queue", "q", "exclusive")),
        (Binding("e", "q", "#"), ("binding", "e", "")),
    ],
)
def test_a_part_is_one_row(part: Exchange | Queue | Binding, row: tuple[str, str, str]) -> None:
    assert parts.row(part)[:3] == row
    assert parts.described(part)["name"] == row[1]


def test_the_command_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.run(["topology", "--prefix", "mine", "--json"]) == exits.OK
    shown = json.loads(capsys.readouterr().out)
    assert {"part": "binding", "name": "mine.events", "to": "mine.route", "key": "#"} in shown
