"""From a request's headers and body to an event that is genuine, fresh and not yet handled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType

from durian.errors import AlreadyReceived, InvalidEvent
from durian.events import CAPS, Event
from durian.receiver.reading import Received, read_event, read_events
from durian.receiver.replays import MemoryReplays, Replays
from durian.signature import TOLERANCE_S, Verifier, verify


def receive(
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[str],
    *,
    tolerance_s: float = TOLERANCE_S,
    now: Callable[[], float] = time.time,
) -> Event:
    """Verify and decode one request.

    Nothing is remembered: an event that is delivered twice is returned twice. `Receiver` handles
    each once.

    Args:
        headers: The request's headers.
        body: Its body as received, byte for byte.
        secrets: The listener's secrets (`whsec_`) or public keys (`whpk_`): during a rotation the
            old and the new one.
        tolerance_s: Seconds that its timestamp may differ from now, each way.
        now: Tells the time, in seconds since the epoch.

    Raises:
        SignatureError: it was not signed by one of the secrets, or not just now.
        InvalidEvent: it was, but holds no event that can be read.
    """
    verified = verify(headers, body, secrets, now(), tolerance_s)
    return read_event(headers, body, verified.message_id)


def receive_batch(
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[str],
    *,
    tolerance_s: float = TOLERANCE_S,
    now: Callable[[], float] = time.time,
) -> list[Event]:
    """Verify and decode one request of a listener that takes batches.

    As `receive`; a request with a single event, batch or not, is taken as well. Events that come
    again may come in another batch: tell them by their `source` and `id`, as `Receiver` does.
    """
    verified = verify(headers, body, secrets, now(), tolerance_s)
    return [each.event for each in read_events(headers, body, verified.message_id)]


class Reception:
    """A verified request being handled: a context manager around the handling of its event.

    Leaving it normally means that the event was handled, and will not be again; leaving it by an
    exception, that it was not, and may be when it is delivered the next time.
    """

    def __init__(self, event: Event, message_id: str, replays: Replays) -> None:
        #: What was received.
        self.event = event
        #: The same however often this event is delivered here: the request's `webhook-id`, or what
        #: is made of source and id of an event of a batch.
        self.message_id = message_id
        self._replays = replays

    def __enter__(self) -> Event:
        return self.event

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._replays.end(self.message_id, handled=kind is None)


class BatchReception:
    """The events of a verified request, of which each is handled by itself, and once.

    for reception in receiver.receive_batch(headers, body):
        with reception as event:
            ...

    Those that were handled before are left out. When the handling of one fails, those before it
    stay handled; answer with a failure, and the others are handled when they come again.
    """

    def __init__(self, received: Sequence[Received], replays: Replays) -> None:
        self._received = received
        self._replays = replays

    def __len__(self) -> int:
        """How many events the request has, those among them that were handled before."""
        return len(self._received)

    def __iter__(self) -> Iterator[Reception]:
        """Hand out what is new, to be entered before the next one is asked for.

        Raises AlreadyReceived at the end when one of the others is being handled elsewhere: not
        before that has ended well may a success be answered.
        """
        busy = False
        for each in self._received:
            state = self._replays.begin(each.id)
            if state == "new":
                yield Reception(each.event, each.id, self._replays)
            busy = busy or state == "busy"
        if busy:
            raise AlreadyReceived(handled=False)


class Receiver:
    """Receives the webhooks of one listener. Any thread may use it.

    Args:
        secrets: As for `receive`.
        tolerance_s: Seconds that a timestamp may differ from now, each way.
        replays: Remembers what was handled; in this process's memory when it is None.
        max_body_bytes: Longer bodies are refused unread.
        now: Tells the time, in seconds since the epoch.

    Raises:
        InvalidInput: no secret was given, or one of them cannot be read.
    """

    def __init__(
        self,
        secrets: Sequence[str],
        *,
        tolerance_s: float = TOLERANCE_S,
        replays: Replays | None = None,
        max_body_bytes: int = CAPS.document_bytes,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._verifier = Verifier(secrets)
        self._tolerance_s = tolerance_s
        self._replays = MemoryReplays() if replays is None else replays
        #: Bytes of a body that are read at most.
        self.max_body_bytes = max_body_bytes
        self._now = now

    def receive(self, headers: Mapping[str, str], body: bytes) -> Reception:
        """Verify and decode a request: `with receiver.receive(headers, body) as event:`.

        Raises:
            SignatureError: it was not signed by one of the secrets, or not just now.
            InvalidEvent: it was, but holds no event that can be read, or is too long.
            AlreadyReceived: its event was handled before, or is being handled.
        """
        message_id = self._verify(headers, body)
        event = read_event(headers, body, message_id)
        state = self._replays.begin(message_id)
        if state != "new":
            raise AlreadyReceived(handled=state == "handled")
        return Reception(event, message_id, self._replays)

    def receive_batch(self, headers: Mapping[str, str], body: bytes) -> BatchReception:
        """Verify and decode a request of a listener that takes batches, and may have one event.

        Raises:
            SignatureError: it was not signed by one of the secrets, or not just now.
            InvalidEvent: it was, but holds something that is no event, or is too long.
        """
        message_id = self._verify(headers, body)
        return BatchReception(read_events(headers, body, message_id), self._replays)

    def _verify(self, headers: Mapping[str, str], body: bytes) -> str:
        """Return the `webhook-id` of a genuine request."""
        if len(body) > self.max_body_bytes:
            raise InvalidEvent("body", f"is longer than {self.max_body_bytes} bytes")
        verified = self._verifier.verify(headers, body, self._now(), self._tolerance_s)
        return verified.message_id
