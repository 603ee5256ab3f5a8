"""`durian emit --lines` to RabbitMQ: interrupted in the middle, it loses nothing."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from durian.console.exits import INTERRUPTED
from durian.console.lines.run import Run
from durian.producers.pipeline import WINDOW
from tests.support.cli import Shell
from tests.support.declared import House

pytestmark = pytest.mark.rabbitmq

LINES = 700


def test_an_interrupted_file_goes_on_where_it_was(amqp_url: str, tmp_path: Path) -> None:
    house = House(amqp_url)
    house.declare()
    (tmp_path / "people.jsonl").write_text("".join(f'{{"n": {n}}}\n' for n in range(LINES)))
    command = ("emit", "person", "--lines", "people.jsonl")
    with ExitStack() as stack:
        shell = Shell(tmp_path, {"DURIAN_BROKER_URL": amqp_url}, stack)
        running = shell.start(*command, "--rate", "300")
        with house.channel() as channel:  # the first has arrived: it is in the middle
            _, first, _ = next(channel.consume(house.topology.route, auto_ack=False))
        assert first is not None
        assert running.stop(signal.SIGINT) == INTERRUPTED
        token = running.wait_line("To go on with line").split()[-1]
        run = Run.read(token)
        assert shell(*command, "--resume", token) == f"{LINES - run.first + 1} events emitted\n"
    arrived = house.ids()
    assert first.message_id == run.id_of(1)
    assert set(arrived) == {run.id_of(line) for line in range(1, LINES + 1)}
    assert len(arrived) - LINES <= WINDOW + 1
