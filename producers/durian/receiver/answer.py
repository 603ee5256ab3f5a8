"""Answering a request: the same statuses whatever the framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from durian.errors import AlreadyReceived, InvalidEvent, SignatureError
from durian.events import Event
from durian.receiver.receiver import BatchReception, Receiver, Reception

#: What the user does with an event. An exception means that it was not handled: the framework
#: answers 500, and the event is delivered again later.
Handle = Callable[[Event], object]


@dataclass(frozen=True, slots=True)
class Answer:
    """The response to a request."""

    #: 204 handled; 200 handled before; 400 no event; 401 not genuine; 409 being handled elsewhere.
    status: int
    #: Plain text: why it was refused.
    text: str = ""


#: All events were handled.
HANDLED = Answer(204)


def answer(receiver: Receiver, headers: Mapping[str, str], body: bytes, handle: Handle) -> Answer:
    """Receive a request and handle its event, or each event of a batch. Raises as `handle` does."""
    received = received_or_refusal(receiver, headers, body)
    if isinstance(received, Answer):
        return received
    next_one = Walk(received)
    while not isinstance(found := next_one(), Answer):
        with found as event:
            handle(event)
    return found


def received_or_refusal(
    receiver: Receiver, headers: Mapping[str, str], body: bytes
) -> BatchReception | Answer:
    """Receive a request, or tell how to refuse it."""
    try:
        return receiver.receive_batch(headers, body)
    except SignatureError as exc:
        return Answer(401, str(exc))
    except InvalidEvent as exc:
        return Answer(400, str(exc))


class Walk:
    """Walks through what was received: each call returns what is handled next, or the answer."""

    def __init__(self, received: BatchReception) -> None:
        self._left = iter(received)
        self._any = not len(received)

    def __call__(self) -> Reception | Answer:
        """Return the next event that is new; when there is none, how to answer."""
        try:
            found = next(self._left, None)
        except AlreadyReceived as exc:
            # No success before it is one.
            return Answer(409, str(exc))
        if found is not None:
            self._any = True
            return found
        # Success as well, or it would be delivered again for days.
        return HANDLED if self._any else Answer(200, str(AlreadyReceived(handled=True)))
