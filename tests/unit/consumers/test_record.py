"""What the attempt log is told, and that telling it never holds a delivery."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest

from durian.broker.port import Address, Done, Received
from durian.consumers import Recorder
from durian.consumers import decision as decisions
from durian.consumers.decision import Dead, Decision, Disable, Retry
from durian.consumers.delivery import Delivery
from durian.consumers.record import attempt_of
from durian.consumers.sender.port import Outcome
from durian.errors import BrokerError
from durian.events import Event
from durian.events.message import Message
from durian.registry.attempt import Attempt
from tests.support.attempt_log import FakeLog
from tests.support.whole import House, listener, status

NOW = 1_800_000_000.0
OK = Outcome(kind="response", status=200, latency_s=0.0123)
BLOCKED = Outcome(kind="blocked", latency_s=0.0, error="10.0.0.7 is not public")


def delivery(**headers: str) -> Delivery:
    """A delivery to joe that was tried twice before."""
    given = {"ce-id": "1", "ce-source": "/shop", "ce-type": "person", "durian-attempts": "2"}
    return Delivery.of("joe", Message(body=b"{}", headers=given | headers))


@pytest.mark.parametrize(
    ("outcome", "decision", "result", "next_at_ms", "reason"),
    [
        (OK, decisions.Done(), "delivered", None, ""),
        (status(503), Retry(60.5), "retry", 1_800_000_060_500, ""),
        (BLOCKED, Dead("blocked address"), "dead", None, "blocked address"),
        (status(410), Disable("410 Gone"), "disabled", None, "410 Gone"),
    ],
)
def test_a_record_says_what_follows(
    outcome: Outcome, decision: Decision, result: str, next_at_ms: int | None, reason: str
) -> None:
    record = attempt_of(delivery(), outcome, decision, NOW)

    assert (record.result, record.next_at_ms, record.reason) == (result, next_at_ms, reason)
    assert (record.kind, record.status) == (outcome.kind, outcome.status)
    assert (record.number, record.at_ms) == (3, 1_800_000_000_000)
    assert Attempt.from_json(record.to_json()) == record


def test_it_names_the_delivery() -> None:
    record = attempt_of(delivery(), OK, decisions.Done(), NOW)

    assert record.webhook_id == delivery().webhook_id
    assert (record.listener_id, record.event_id) == ("joe", "1")
    assert (record.event_type, record.event_source) == ("person", "/shop")
    assert record.latency_ms == 12


def test_it_has_a_line_for_the_operator_and_one_for_the_owner() -> None:
    record = attempt_of(delivery(), BLOCKED, Dead("blocked address"), NOW)

    assert record.error == "10.0.0.7 is not public"
    assert record.public_error == "could not connect"


def test_half_a_character_does_not_keep_it_from_being_written() -> None:
    record = attempt_of(delivery(), replace(BLOCKED, error="\ud83d"), Dead("blocked"), NOW)

    assert json.loads(record.to_json())["error"] == "\ud83d"


def test_whatever_a_receiver_answers_can_be_read_again() -> None:
    outcome = Outcome(
        kind="response",
        status=200,
        latency_s=1,
        response_headers=(("x-long", "y" * 9000), ("x-more", "z")),
        response_body=b"\xff\x00" * 9000,
        error="e" * 100_000,
    )
    record = attempt_of(
        delivery(**{"ce-id": "i" * 9000, "ce-type": "t" * 9000}), outcome, decisions.Done(), NOW
    )

    assert len(record.response_head) == len(record.response_body) == 4096
    assert Attempt.from_json(record.to_json()) == record


# The whole way.


@pytest.fixture
def house() -> House:
    house = House()
    house.add(listener("joe"))
    return house


def recorded(house: House) -> list[Attempt]:
    """Let a recorder write what there is, and return it in order."""
    log = FakeLog()
    recorder = Recorder(house.broker, house.topology, log)
    recorder._intake.open()
    house.settle()
    recorder.turn()
    house.settle()
    recorder._intake.close()
    house.settle()
    return log.all


def test_every_attempt_is_recorded(house: House) -> None:
    answers = [status(500), status(503), status(200)]
    house.sender.answer = lambda _request: answers.pop(0)
    house.emit(Event(id="1", type="person", data={}))
    house.advance(1000)

    found = recorded(house)
    assert [one.number for one in found] == [1, 2, 3]
    assert [one.status for one in found] == [500, 503, 200]
    assert [one.result for one in found] == ["retry", "retry", "delivered"]
    assert {one.webhook_id for one in found} == {
        request.headers["webhook-id"] for request in house.sender.requests
    }
    for before, after in itertools.pairwise(found):
        assert before.next_at_ms is not None
        assert before.next_at_ms <= after.at_ms + 100


def test_who_binds_a_queue_gets_the_records_they_want(house: House) -> None:
    assert house.topology.attempts == "durian.attempts"
    house.sender.answer = lambda _request: status(410)
    house.emit(Event(id="1", type="person", data={}))

    [message] = house.broker.messages(house.topology.attempts)
    assert message.routing_key == "joe.disabled"
    assert message.content_type == "application/json"


@pytest.mark.parametrize("code", [200, 500, 410])
def test_a_record_that_the_broker_refuses_holds_no_delivery(house: House, code: int) -> None:
    """The attempt log serves people: without its queue deliveries go on, and nothing is lost."""
    house.broker.delete_queue(house.topology.attempts, lambda _error: None)
    house.sender.answer = lambda _request: status(code)
    house.emit(Event(id="1", type="person", data={}))
    house.advance(1000)

    queue = house.topology.listener_queue("joe")
    assert house.broker.ready(queue) == house.broker.unsettled(queue) == 0
    assert len(house.sender.requests) == (3 if code == 500 else 1)
    if code != 200:
        assert house.broker.ready(house.topology.dead_queue("joe")) == 1


def test_without_a_recorder_deliveries_go_on_and_records_wait(house: House) -> None:
    for number in range(20):
        house.emit(Event(id=str(number), type="person", data={}))

    assert len(house.sender.requests) == 20
    assert {one.event_id for one in recorded(house)} == {str(number) for number in range(20)}


def test_a_record_is_safe_before_its_delivery_leaves_the_queue(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between the two delivers again; a 2xx that nobody recorded does not happen."""
    order: list[str] = []
    publish, ack = house.broker.publish, house.broker.ack

    def spy_on_publish(
        message: Message, to: Address, done: Done, *, cause: Received | None = None
    ) -> None:
        def confirmed(error: BrokerError | None) -> None:
            order.append(f"confirmed {to.exchange}")
            done(error)

        publish(message, to, confirmed, cause=cause)

    def spy_on_ack(received: Received) -> None:
        order.append(f"acked {received.queue}")
        ack(received)

    monkeypatch.setattr(house.broker, "publish", spy_on_publish)
    monkeypatch.setattr(house.broker, "ack", spy_on_ack)
    house.sender.answer = lambda _request: status(500)
    house.emit(Event(id="1", type="person", data={}))

    recorded_at = order.index("confirmed durian.attempts")
    assert order[recorded_at + 1].startswith("confirmed durian.delay.")
    assert order[recorded_at + 2] == "acked durian.listener.joe"
    assert "acked durian.listener.joe" not in order[:recorded_at]
