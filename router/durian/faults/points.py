"""Every failpoint at which a process may be told to die, and what is true there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

#: What has happened when a process passes a failpoint, by the failpoint's name.
POINTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "outbox.written": "An event is in the outbox; its transaction is open.",
        "relay.taken": "A relay has claimed rows of an outbox; none is published.",
        "relay.confirmed": "All of them are confirmed; none is marked.",
        "producer.published": "An event was handed to the connection; no confirm was read.",
        "router.received": "An event was handed to the router.",
        "router.matched": "The index told its listeners; nothing is published yet.",
        "router.chunk_published": "One of the event's messages was handed to the connection.",
        "router.published": "All of them were handed to it; no confirm has come.",
        "router.chunk_confirmed": "One of the event's messages was confirmed.",
        "router.confirmed": "All of them were confirmed; the event is not acked.",
        "router.declared": "The queues of changed listeners exist; the index knows none of them.",
        "router.refreshed": "One of several changed listeners is in the index.",
        "delivery.begun": "The request of an attempt is built and signed; nothing is connected.",
        "delivery.sent": "The request was sent; no byte of the response was read.",
        "delivery.answered": "The response was read; nothing has come of it.",
        "delivery.recorded": "The attempt's record is on the broker; the delivery is where it was.",
        "delivery.declared": "The delay or dead-letter queue exists; the delivery is not in it.",
        "delivery.published": "The delivery was handed to the connection on its way there.",
        "delivery.confirmed": "Its next place is safe, or it is done; it is not acked.",
        "delivery.draining": "A stop was asked for: nothing new begins, attempts are under way.",
        "recorder.taken": "A batch of records was taken; none is written.",
        "recorder.written": "A batch was written to the registry; none of it is acked.",
        "replay.taken": "A dead letter, or an orphan and the like, was handed to a replay.",
        "replay.published": "It was handed to the connection on its way back.",
        "replay.confirmed": "It is in its new place; where it was, it is not acked.",
        "archive.published": "An event of the archive was handed to the connection.",
        "archive.confirmed": "It is in the listener's queue; the replay's place is not saved.",
        "archive.saved": "The place up to which everything is safe was written to the registry.",
    }
)
