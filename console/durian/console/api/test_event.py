"""`/v1/listeners/{id}/test`: an event for one listener alone, to see that it arrives."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from durian.broker.blocking import declare_all, publish_all
from durian.broker.port import Address
from durian.console.api.access import Caller, Manager
from durian.console.api.listeners import Id
from durian.consumers.delivery import webhook_id_of
from durian.control import parts_of
from durian.errors import NotFound
from durian.events import Event, amqp
from durian.match.event_pattern import is_exact

router = APIRouter(prefix="/listeners", tags=["listeners"])

#: The `source` of test events, by which receivers and people know them.
SOURCE: Final = "/durian/test"

#: The type of a test event for a listener whose pattern names none.
TYPE: Final = "test"


class TestEvent(BaseModel):
    """An event to be sent to one listener."""

    model_config = ConfigDict(extra="forbid")

    type: Annotated[str, Field(min_length=1, max_length=255)] | None = Field(
        None, description=f"Its type; null: what the listener's pattern names, else `{TYPE}`."
    )
    data: Any = Field(None, description="Its data; null: the example of its type's hook, if any.")


class SentTestEvent(BaseModel):
    """A test event on its way."""

    event_id: str
    type: str
    source: str
    webhook_id: str = Field(description="The delivery, whose attempts can be asked for.")


@router.post("/{listener_id}/test", status_code=202)
def send_test_event(
    caller: Manager,
    listener_id: Id,
    test: Annotated[TestEvent, Body(default_factory=TestEvent)],
) -> SentTestEvent:
    """Send an event to a listener, whatever its pattern and its filter say of it.

    It is delivered like any other: signed, tried again, recorded. Nobody else gets it.
    """
    listener = caller.store.get_listener(listener_id)
    event_type = test.type or (listener.event if is_exact(listener.event) else TYPE)
    data = _example(caller, event_type) if test.data is None else test.data
    event = Event(type=event_type, source=SOURCE, data=data)
    services = caller.services
    declare_all(services.broker, parts_of(services.names, listener))
    message = amqp.encode(event)
    publish_all(services.broker, [(message, Address(services.names.deliver, listener_id))])
    caller.store.note("listener.test", f"listener {listener_id}", after={"event": event.id})
    return SentTestEvent(
        event_id=event.id,
        type=event.type,
        source=event.source,
        webhook_id=webhook_id_of(event.source, event.id, listener_id),
    )


def _example(caller: Caller, event_type: str) -> Any:
    try:
        example = caller.store.get_hook(event_type).example
    except NotFound:
        example = None
    return {"test": True} if example is None else example
