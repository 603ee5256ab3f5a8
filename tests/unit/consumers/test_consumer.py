"""Deliveries from queue to listener: success, retries, dead letters, pausing and draining."""

from __future__ import annotations

import pytest

from durian.broker.port import Address
from durian.consumers.sender.port import Request, TlsOptions
from durian.errors import BrokerError, RegistryError
from durian.events import Event, amqp
from durian.registry import ListenerSecret, Policy
from durian.signature import verify
from tests.support.certificates import authority
from tests.support.whole import QUICK, SECRET, House, listener, status

JOE = Event(id="1", source="/shop", type="person", data={"name": "Joe"})


@pytest.fixture
def house() -> House:
    house = House()
    house.add(listener("joe"))
    return house


def deliver(house: House, number: int) -> None:
    """Put a delivery into the queue of joe, as the router does."""
    message = amqp.encode(Event(id=str(number), type="person", data=number))
    house.broker.publish(message, Address(house.topology.deliver, "joe"), _taken)


def _taken(error: BrokerError | None) -> None:
    assert error is None


def queue(house: House, name: str = "joe") -> str:
    return house.topology.listener_queue(name)


def test_a_delivery_is_signed_and_leaves_its_queue(house: House) -> None:
    house.emit(JOE)
    [request] = house.sender.requests
    assert request.url == "https://joe.example/"
    assert request.body == b'{"name":"Joe"}'
    assert request.headers["ce-id"] == "1"
    verify(request.headers, request.body, [SECRET], now=house.clock.now())
    assert house.broker.ready(queue(house)) == house.broker.unsettled(queue(house)) == 0


def test_a_failed_delivery_comes_back_after_its_wait_until_it_is_taken(house: House) -> None:
    answers = [status(500), status(503), status(200)]
    house.sender.answer = lambda _request: answers.pop(0)
    house.emit(JOE)
    assert len(house.sender.requests) == 1
    house.advance(20)
    assert len(house.sender.requests) == 1
    house.advance(20)
    assert len(house.sender.requests) == 2
    house.advance(400)
    assert len(house.sender.requests) == 3
    house.advance(10_000)
    assert len(house.sender.requests) == 3
    assert len({request.headers["webhook-id"] for request in house.sender.requests}) == 1
    assert len({request.headers["webhook-timestamp"] for request in house.sender.requests}) == 3


def test_a_delivery_out_of_attempts_is_a_dead_letter(house: House) -> None:
    house.sender.answer = lambda _request: status(500)
    house.emit(JOE)
    house.advance(1000)
    [dead] = house.broker.messages(house.topology.dead_queue("joe"))
    assert dead.body == b'{"name":"Joe"}'
    assert dead.headers["durian-attempts"] == "3"
    assert dead.headers["durian-reason"] == "3 attempts failed, the last with status 500"
    assert dead.headers["ce-id"] == "1"


def test_gone_disables_the_listener_and_keeps_the_delivery(house: House) -> None:
    house.sender.answer = lambda _request: status(410)
    house.emit(JOE)
    assert house.broker.ready(house.topology.dead_queue("joe")) == 1
    assert not house.registry.listeners["joe"][1].enabled


def test_what_a_paused_listener_wants_rests_until_it_is_resumed(house: House) -> None:
    queue = house.topology.listener_queue("joe")
    house.add(listener("joe", paused=True))
    house.emit(JOE)
    assert house.sender.requests == []
    assert house.broker.ready(queue) == 1
    house.add(listener("joe"))
    assert len(house.sender.requests) == 1
    assert house.broker.ready(queue) == 0


def test_retry_after_is_a_lower_bound(house: House) -> None:
    answers = [status(429, retry_after_s=3600), status(200)]
    house.sender.answer = lambda _request: answers.pop(0)
    house.emit(JOE)
    house.advance(3590)
    assert len(house.sender.requests) == 1
    house.advance(3600)
    assert len(house.sender.requests) == 2


def test_a_first_wait_is_kept_without_burning_an_attempt(house: House) -> None:
    house.add(listener("late", policy=Policy(schedule_s=(60, 60), jitter=0)))
    house.sender.answer = lambda request: status(200 if request.listener_id == "joe" else 500)
    house.emit(JOE)
    assert [request.listener_id for request in house.sender.requests] == ["joe"]
    house.advance(500)
    assert [request.listener_id for request in house.sender.requests] == ["joe", "late", "late"]
    [dead] = house.broker.messages(house.topology.dead_queue("late"))
    assert dead.headers["durian-attempts"] == "2"


def test_a_fault_of_ours_is_a_failed_attempt(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object) -> Request:
        raise ZeroDivisionError("in /srv/durian")

    monkeypatch.setattr("durian.consumers.deliverer.request_of", fault)
    house.emit(JOE)
    house.advance(1000)
    [dead] = house.broker.messages(house.topology.dead_queue("joe"))
    assert dead.headers["durian-last-error"] == "error: internal fault: ZeroDivisionError"


def test_a_disabled_listener_keeps_its_backlog_and_burns_no_attempt(house: House) -> None:
    house.emit(JOE)
    house.add(listener("joe", enabled=False))
    deliver(house, 2)  # it was on its way already
    house.settle()
    assert len(house.sender.requests) == 1
    assert house.broker.ready(queue(house)) == 1
    house.add(listener("joe"))
    assert len(house.sender.requests) == 2


def test_a_removed_listener_takes_its_queue_along(house: House) -> None:
    house.sender.answer = lambda _request: status(500)
    house.emit(JOE)
    house.registry.remove("joe")
    house.follow()
    house.advance(1000)
    # What was waiting for a retry finds no queue any more, and is kept where people can see it.
    assert house.broker.ready(house.topology.orphans) == 1


@pytest.mark.parametrize(
    ("payload", "content_type", "start"),
    [
        ("data", "application/json", b'{"name":"Joe"}'),
        ("cloudevent", "application/cloudevents+json", b'{"specversion":"1.0"'),
        ("standard", "application/json", b'{"type":"person","timestamp":'),
    ],
)
def test_the_payload_is_what_the_listener_asked_for(
    house: House, payload: str, content_type: str, start: bytes
) -> None:
    house.add(listener("joe", policy=QUICK.model_copy(update={"payload": payload})))
    house.emit(JOE)
    [request] = house.sender.requests
    assert request.headers["content-type"].startswith(content_type)
    assert request.body.startswith(start)
    assert b'{"name":"Joe"}' in request.body


def test_concurrency_bounds_the_attempts_under_way(house: House) -> None:
    house.add(listener("joe", policy=QUICK.model_copy(update={"concurrency": 2})))
    for number in range(5):
        deliver(house, number)
    house.broker.run()
    assert len(house.pending) == 2
    house.settle()
    assert len(house.sender.requests) == 5


def test_stopping_gives_back_what_was_not_begun(house: House) -> None:
    house.add(listener("joe", policy=QUICK.model_copy(update={"concurrency": 1})))
    for number in range(4):
        deliver(house, number)
    house.broker.run()
    house.delivery.stop()
    assert house.broker.ready(queue(house)) == 3
    house.settle()
    assert len(house.sender.requests) == 1
    assert house.broker.unsettled(queue(house)) == 0


def test_a_mistake_of_ours_neither_loses_nor_holds_the_delivery(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object, **__: object) -> None:
        monkeypatch.undo()
        raise RuntimeError("our mistake")

    monkeypatch.setattr("durian.consumers.deliverer.attempt_of", stumble)
    house.emit(JOE)
    house.advance(20)
    assert len(house.sender.requests) == 1
    house.advance(20)
    assert len(house.sender.requests) == 2
    assert house.broker.ready(queue(house)) == house.broker.unsettled(queue(house)) == 0


def test_requests_carry_the_listeners_tls_and_a_change_closes_connections(house: House) -> None:
    first, second = authority().issue("durian"), authority().issue("durian")
    for certificate in (first, second):
        policy = QUICK.model_copy(update={"cert_pem": certificate.cert_pem})
        house.registry.client_keys["joe"] = certificate.key_pem
        house.add(listener("joe", policy=policy))
        house.emit(JOE)
    tls = [request.tls for request in house.sender.requests]
    assert tls == [
        TlsOptions(cert_pem=one.cert_pem, key_pem=one.key_pem) for one in (first, second)
    ]
    assert house.sender.forgotten == ["joe", "joe"]
    house.add(listener("joe", policy=policy, description="The same certificate."))
    assert house.sender.forgotten == ["joe", "joe"]


def test_without_tls_of_its_own_a_listener_has_the_deployments(house: House) -> None:
    house.emit(JOE)
    assert [request.tls for request in house.sender.requests] == [None]
    assert house.sender.forgotten == []


def test_a_listener_queue_that_was_deleted_is_had_again(house: House) -> None:
    house.broker.delete_queue(queue(house), _taken)
    house.settle()
    house.advance(6)
    house.emit(JOE)
    assert len(house.sender.requests) == 1


def test_a_listener_whose_secret_cannot_be_opened_stops_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets_of = house.registry.secrets_of

    def sealed(listener_id: str, now: float) -> list[ListenerSecret]:
        if listener_id == "sealed":
            raise RegistryError("No key opens it.")
        return secrets_of(listener_id, now)

    monkeypatch.setattr(house.registry, "secrets_of", sealed)
    house.add(listener("sealed"), listener("zoe"))
    house.emit(JOE)
    assert sorted(request.listener_id for request in house.sender.requests) == ["joe", "zoe"]
    assert house.broker.ready(queue(house, "sealed")) == 1


def test_a_broker_short_of_memory_causes_no_attempt_twice(house: House) -> None:
    """What is answered cannot be settled meanwhile, so no more is asked than was under way."""
    house.add(listener("joe", policy=QUICK.model_copy(update={"concurrency": 2})))
    for number in range(20):
        deliver(house, number)
    house.broker.run()
    with house.broker.alarm():
        for _ in range(60):
            house.advance(60, steps=1)
        assert len(house.sender.requests) == 2
    house.settle()
    assert len(house.sender.requests) == 20
    assert house.broker.ready(queue(house)) == house.broker.unsettled(queue(house)) == 0
