"""kill -9 of router and deliver in the middle of 10,000 events: all arrive."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from durian.events import Event
from durian.producers import Producer
from tests.support.cli import Running, durian
from tests.support.history import History
from tests.support.recording import RecordingReceiver
from tests.support.senders import KINDS, SenderKind

pytestmark = [pytest.mark.crash, pytest.mark.rabbitmq, pytest.mark.postgres]

EVENTS = 10_000

#: Duplicates that the kills may cause: what both processes can hold unsettled at a time (the
#: router's prefetch, and for each listener its concurrency and what is fetched ahead).
IN_FLIGHT = 2 * (500 + 3 * 16)


def events(history: History) -> Iterator[Event]:
    """Events of whom one listener wants all, one the half and one none."""
    for number in range(EVENTS):
        name = "Joe" if number % 2 else "Bo"
        event = Event(id=f"e{number}", type="person", data={"name": name, "number": number})
        history.expect(["/all", "/j"] if name == "Joe" else ["/all"], event.id, event.body)
        yield event


@pytest.mark.parametrize("sender", KINDS)
def test_a_kill_in_the_middle_loses_nothing(
    amqp_url: str, postgres_url: str, tmp_path: Path, sender: SenderKind
) -> None:
    settings = {
        "DURIAN_BROKER_URL": amqp_url,
        "DURIAN_REGISTRY_URL": postgres_url,
        "DURIAN_ALLOWED_NETWORKS": "127.0.0.0/8",
        "DURIAN_SENDER": sender,
    }
    history = History()

    def run(*arguments: str) -> None:
        done = durian(*arguments, home=tmp_path, settings=settings)
        assert done.returncode == 0, done

    with contextlib.ExitStack() as stack:
        receiver = stack.enter_context(RecordingReceiver(history))
        run("registry", "upgrade")
        run("topology", "--declare")
        add = ("listeners", "add", "--event", "person")
        run(*add, f"{receiver.url}/all")
        run(*add, f"{receiver.url}/j", "--match", "name=startswith:J")
        run(*add, f"{receiver.url}/none", "--match", "name=Zoe")

        def start(role: str) -> Running:
            process = stack.enter_context(Running(role, home=tmp_path, settings=settings))
            process.wait_line("process.started")
            return process

        router, deliver = start("router"), start("deliver")
        with Producer(amqp_url) as producer:
            emitting = threading.Thread(target=producer.emit_many, args=[events(history)])
            emitting.start()
            for milestone in (2_000, 6_000):
                assert history.wait_count(milestone, timeout_s=60), history.verdict()
                router.process.kill()
                deliver.process.kill()
                router, deliver = start("router"), start("deliver")
            emitting.join()
        assert history.wait_complete(timeout_s=120), history.verdict()
        assert router.stop() == 0
        assert deliver.stop() == 0

    verdict = history.verdict()
    sys.stdout.write(f"{verdict}\n")
    assert verdict.expected == EVENTS + EVENTS // 2
    assert not verdict.lost
    assert not verdict.unexpected
    assert not verdict.corrupted
    assert sum(verdict.duplicated.values()) <= IN_FLIGHT, verdict
