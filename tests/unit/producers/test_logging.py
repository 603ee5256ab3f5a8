from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator

import pytest

from durian.errors import InvalidEvent, InvalidSettings
from durian.events import Event
from durian.producers import PublishPolicy
from durian.producers.ledger import Outgoing
from durian.producers.logging import EventHandler
from tests.support.links import FakeLink

ONCE = PublishPolicy(attempts=1)

Attach = Callable[[EventHandler], logging.Logger]


class HeldLink(FakeLink):
    """Takes the first event, and holds the courier there until its gate is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.held = threading.Event()

    def publish(self, outgoing: Outgoing, exchange: str) -> None:
        """Wait at the gate first."""
        logging.getLogger("kombu").error("a line of the courier's own thread")
        self.held.set()
        assert self.gate.wait(timeout=60)
        super().publish(outgoing, exchange)


@pytest.fixture
def attach() -> Iterator[Attach]:
    """Give a handler to a logger of the test, and to the root, until its end."""
    log = logging.getLogger("shop")
    attached: list[EventHandler] = []

    def attach(handler: EventHandler) -> logging.Logger:
        attached.append(handler)
        logging.getLogger().addHandler(handler)
        return log

    yield attach
    for handler in attached:
        logging.getLogger().removeHandler(handler)
        handler.close()


def events_of(link: FakeLink) -> list[Event]:
    return [outgoing.event for outgoing in link.published]


def test_a_record_is_an_event_with_what_it_names(links: list[FakeLink], attach: Attach) -> None:
    links.append(FakeLink())
    handler = EventHandler("amqp://x", extra=["order", "absent"], source="/shop")
    log = attach(handler)
    try:
        int("no order")
    except ValueError:
        log.exception("Order %d failed.", 17, extra={"order": 17, "secret": "hunter2"})
    handler.close()
    (event,) = events_of(links[0])
    assert (event.type, event.source) == ("log.record", "/shop")
    assert event.data["message"] == "Order 17 failed."
    assert (event.data["logger"], event.data["level"]) == ("shop", "ERROR")
    assert event.data["order"] == 17
    assert "ValueError: invalid literal for int()" in event.data["exception"]
    assert not {"secret", "absent", "lost"} & event.data.keys()


def test_a_level_leaves_less_important_records_out(links: list[FakeLink], attach: Attach) -> None:
    links.append(FakeLink())
    handler = EventHandler("amqp://x", level="ERROR")
    log = attach(handler)
    log.warning("not important")
    log.error("important")
    handler.close()
    assert [event.data["message"] for event in events_of(links[0])] == ["important"]


def test_who_logs_waits_for_nobody_and_what_is_dropped_is_counted(
    links: list[FakeLink], attach: Attach
) -> None:
    link = HeldLink()
    links.append(link)
    handler = EventHandler("amqp://x", room=2)
    log = attach(handler)
    log.error("0")
    assert link.held.wait(timeout=60)  # the courier has it in its hands
    for number in range(1, 6):
        log.error("%d", number)
    assert handler.lost == 3
    link.gate.set()
    handler.close()
    assert [event.data["message"] for event in events_of(link)] == ["0", "1", "2"]


def test_what_was_lost_is_told_by_the_next_event(links: list[FakeLink], attach: Attach) -> None:
    links.append(FakeLink())
    handler = EventHandler("amqp://x")
    log = attach(handler)
    handler.lost = 3
    log.error("after")
    log.error("later")
    handler.close()
    assert [event.data.get("lost") for event in events_of(links[0])] == [3, None]


def test_what_the_handler_causes_to_be_logged_is_no_event(
    links: list[FakeLink], attach: Attach
) -> None:
    link = HeldLink()
    link.gate.set()
    links.append(link)
    handler = EventHandler("amqp://x")
    attach(handler).error("once")
    handler.close()
    assert [event.data["message"] for event in events_of(link)] == ["once"]


@pytest.mark.usefixtures("links")
def test_a_broker_that_is_away_is_no_trouble_for_who_logs(attach: Attach) -> None:
    handler = EventHandler("amqp://x", policy=ONCE)
    log = attach(handler)
    log.error("into the void")
    handler.close()
    assert handler.lost == 1


def test_a_record_that_cannot_be_an_event_is_an_error_of_logging(
    links: list[FakeLink], monkeypatch: pytest.MonkeyPatch
) -> None:
    links.append(FakeLink())
    handler = EventHandler("amqp://x", extra=["order"])
    failed: list[logging.LogRecord] = []
    monkeypatch.setattr(handler, "handleError", failed.append)
    # No logger is given it: what pytest takes from loggers must be text that can be encoded.
    record = logging.makeLogRecord({"levelno": logging.ERROR, "msg": "lone surrogate \ud800"})
    handler.handle(record)
    handler.close()
    assert failed == [record]


def test_a_forked_child_emits_what_it_logs_itself(links: list[FakeLink], attach: Attach) -> None:
    links += [FakeLink(), FakeLink()]
    handler = EventHandler("amqp://x")
    log = attach(handler)
    log.error("parent")
    pid = os.fork()
    if pid == 0:
        log.error("child")
        handler.close()
        os._exit([e.data["message"] for e in events_of(links[1])] != ["child"])
    _, status = os.waitpid(pid, 0)
    handler.close()
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_type_or_number_that_cannot_be_used_is_refused_at_once() -> None:
    with pytest.raises(InvalidEvent, match="type"):
        EventHandler("amqp://x", event_type="log record")
    with pytest.raises(InvalidSettings, match="room"):
        EventHandler("amqp://x", room=0)
