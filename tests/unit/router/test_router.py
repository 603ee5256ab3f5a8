"""What the router makes of events."""

from __future__ import annotations

import json

import pytest

from durian.events import Event
from durian.events.message import Message
from durian.match import Index
from durian.router.consumer import addresses
from durian.router.invalid import explained
from tests.support.whole import House, listener


@pytest.fixture
def house() -> House:
    return House()


def bodies(house: House) -> list[bytes]:
    return [request.body for request in house.sender.requests]


def receivers(house: House) -> list[str]:
    return sorted(request.listener_id for request in house.sender.requests)


def test_an_event_reaches_every_listener_that_matches_and_no_other(house: House) -> None:
    house.add(
        listener("joe", "person", filter='{"name": {"is": "Joe"}}'),
        listener("js", "person", filter='{"name": {"startswith": "J"}}'),
        listener("orders", "order.*"),
        listener("all", "#"),
    )
    house.emit(Event(type="person", data={"name": "Jane"}))
    assert receivers(house) == ["all", "js"]


def test_the_body_arrives_byte_for_byte(house: House) -> None:
    house.add(listener("all"))
    body = b'{ "b": 1.0,\n "a" : "\\u00e9" }'
    house.publish(
        Message(
            body=body,
            headers={"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"},
            content_type="application/json",
        ),
        "t",
    )
    assert bodies(house) == [body]


def test_a_structured_event_is_delivered_as_its_data(house: House) -> None:
    house.add(listener("all"))
    envelope = b'{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"a" : 1}}'
    house.publish(Message(body=envelope, content_type="application/cloudevents+json"), "t")
    assert bodies(house) == [b'{"a" : 1}']


def test_a_batch_is_as_many_events(house: House) -> None:
    house.add(listener("all"))
    batch = json.dumps(
        [
            {"specversion": "1.0", "id": str(n), "source": "/s", "type": "t", "data": n}
            for n in (1, 2)
        ]
    ).encode()
    house.publish(Message(body=batch, content_type="application/cloudevents-batch+json"), "t")
    assert bodies(house) == [b"1", b"2"]
    assert house.broker.unsettled(house.topology.route) == 0


def test_a_message_of_any_client_is_an_event_of_its_routing_key(house: House) -> None:
    house.add(listener("people", "person"))
    house.publish(Message(body=b'{"name":"Joe"}', content_type="application/json"), "person")
    assert bodies(house) == [b'{"name":"Joe"}']


def test_what_is_no_event_is_set_aside_with_the_reason(house: House) -> None:
    house.add(listener("all"))
    bad = Message(
        body=b'{"a": NaN}',
        content_type="application/json",
        headers={"BCC": ["durian.listener.all"], "x-death": [], "mine": "7"},
    )
    house.publish(bad, "person")
    [aside] = house.broker.messages(house.topology.invalid)
    assert aside.body == bad.body
    assert "data" in str(aside.headers["durian-reason"])
    assert aside.headers["mine"] == "7"
    assert not {"BCC", "x-death"} & set(aside.headers)
    assert receivers(house) == []
    assert house.broker.ready(house.topology.route) == 0
    assert house.router.counts.invalid == 1


def test_headers_that_would_not_fit_a_frame_are_left_out_and_counted() -> None:
    message = Message(body=b"", headers={f"h{n}": "x" * 1000 for n in range(100)})
    aside = explained(message, "no event", 0.0)
    size = sum(len(name) + len(str(value)) for name, value in aside.headers.items())
    assert size < 20_000
    assert aside.headers["durian-headers-dropped"] == "84"


def test_a_fault_of_ours_sets_the_event_aside_and_the_next_one_passes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.add(listener("all"))
    match = Index.match

    def fail_once(index: Index, event: Event) -> object:
        if event.id == "poison":
            raise ZeroDivisionError
        return match(index, event)

    monkeypatch.setattr(Index, "match", fail_once)
    house.emit(Event(id="poison", type="person", data={}))
    house.emit(Event(type="person", data={}))
    [aside] = house.broker.messages(house.topology.invalid)
    assert "ZeroDivisionError" in str(aside.headers["durian-reason"])
    assert receivers(house) == ["all"]


def test_hop_headers_of_a_producer_never_travel(house: House) -> None:
    house.add(listener("victim", "order"), listener("all", "person"))
    house.publish(
        Message(
            body=b"{}",
            content_type="application/json",
            headers={
                "ce-specversion": "1.0",
                "ce-id": "1",
                "ce-source": "/s",
                "ce-type": "person",
                "BCC": ["victim"],
                "durian-attempts": "9",
            },
        ),
        "person",
    )
    assert receivers(house) == ["all"]
    [request] = house.sender.requests
    assert not [name for name in request.headers if name.startswith("durian-")]


def test_a_listener_can_come_change_and_go_while_the_router_runs(house: House) -> None:
    house.emit(Event(type="person", data={}))
    house.add(listener("all"))
    house.emit(Event(type="person", data={}))
    house.add(listener("all", event="order"))
    house.emit(Event(type="person", data={}))
    house.add(listener("all", enabled=False))
    house.emit(Event(type="person", data={}))
    house.add(listener("all"))
    house.emit(Event(type="person", data={}))
    house.registry.remove("all")
    house.follow()
    house.emit(Event(type="person", data={}))
    assert receivers(house) == ["all", "all"]
    assert house.router.counts.unmatched == 4


def test_a_listener_that_cannot_be_read_leaves_the_others_in_peace(house: House) -> None:
    broken = listener("broken").model_copy(update={"filter": '{"name": {"nosuch": 1}}'})
    house.registry.put(broken)
    house.add(listener("fine"))
    house.emit(Event(type="person", data={}))
    assert receivers(house) == ["fine"]


def test_a_listener_over_which_we_stumble_leaves_the_others_in_peace(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = Index.load

    def stumble(index: Index, rows: list[tuple[str, str, str]]) -> object:
        if rows[0][0] == "odd":
            raise ZeroDivisionError
        return load(index, rows)

    monkeypatch.setattr(Index, "load", stumble)
    house.add(listener("odd"), listener("fine"))
    house.add(listener("later"))
    house.emit(Event(type="person", data={}))
    assert receivers(house) == ["fine", "later"]


def test_a_hundred_listeners_take_two_publishes() -> None:
    keys = [f"l{n}" for n in range(100)]
    found = addresses("durian.deliver", keys)
    assert [1 + len(address.bcc) for address in found] == [64, 36]
    assert [key for address in found for key in (address.routing_key, *address.bcc)] == keys


def test_an_event_for_many_listeners_reaches_each_once(house: House) -> None:
    house.add(*(listener(f"l{n:03}") for n in range(130)))
    house.emit(Event(type="person", data={}))
    assert receivers(house) == [f"l{n:03}" for n in range(130)]


def test_text_that_is_no_utf8_still_fits_when_it_is_set_aside() -> None:
    grown = "\ufffd" * 200
    strange: dict[str, object] = {b"\xff": 1}  # type: ignore[dict-item]  # as pika hands it over
    message = Message(body=b"", headers=strange, message_id=grown, type=grown, app_id=grown)
    aside = explained(message, "no event", 0.0)
    for text in (aside.message_id, aside.type, aside.app_id, *aside.headers):
        assert text is not None
        assert len(text.encode()) <= 255


def test_a_route_queue_that_was_deleted_is_had_again(house: House) -> None:
    house.add(listener("all"))
    house.broker.delete_queue(house.topology.route, lambda _error: None)
    house.settle()
    house.advance(6)
    house.emit(Event(type="person", data={}))
    assert receivers(house) == ["all"]
