"""From a request's headers and body to an event that is genuine, fresh and not yet handled."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

from durian.errors import AlreadyReceived, InvalidEvent
from durian.events import CAPS, Event
from durian.receiver.reading import read_event
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


class Reception:
    """A verified request being handled: a context manager around the handling of its event.

    Leaving it normally means that the event was handled, and will not be again; leaving it by an
    exception, that it was not, and may be when it is delivered the next time.
    """

    def __init__(self, event: Event, message_id: str, replays: Replays) -> None:
        #: What was received.
        self.event = event
        #: The request's `webhook-id`: the same however often this event is delivered here.
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
        if len(body) > self.max_body_bytes:
            raise InvalidEvent("body", f"is longer than {self.max_body_bytes} bytes")
        verified = self._verifier.verify(headers, body, self._now(), self._tolerance_s)
        event = read_event(headers, body, verified.message_id)
        state = self._replays.begin(verified.message_id)
        if state != "new":
            raise AlreadyReceived(handled=state == "handled")
        return Reception(event, verified.message_id, self._replays)
