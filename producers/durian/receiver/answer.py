"""Answering a request: the same statuses whatever the framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from durian.errors import AlreadyReceived, InvalidEvent, SignatureError
from durian.events import Event
from durian.receiver.receiver import Receiver, Reception

#: What the user does with an event. An exception means that it was not handled: the framework
#: answers 500, and the event is delivered again later.
Handle = Callable[[Event], object]


@dataclass(frozen=True, slots=True)
class Answer:
    """The response to a request."""

    #: 204 handled; 200 handled before; 400 no event; 401 not genuine; 409 being handled.
    status: int
    #: Plain text: why it was refused.
    text: str = ""


#: An event was handled.
HANDLED = Answer(204)


def answer(receiver: Receiver, headers: Mapping[str, str], body: bytes, handle: Handle) -> Answer:
    """Receive a request and handle its event. Raises whatever `handle` raises."""
    reception = reception_or_refusal(receiver, headers, body)
    if isinstance(reception, Answer):
        return reception
    with reception as event:
        handle(event)
    return HANDLED


def reception_or_refusal(
    receiver: Receiver, headers: Mapping[str, str], body: bytes
) -> Reception | Answer:
    """Receive a request, or tell how to refuse it."""
    try:
        return receiver.receive(headers, body)
    except SignatureError as exc:
        return Answer(401, str(exc))
    except InvalidEvent as exc:
        return Answer(400, str(exc))
    except AlreadyReceived as exc:
        # Success, or it would be delivered again for days; but not before it is one.
        return Answer(200 if exc.handled else 409, str(exc))
