"""Operations on replays of the archive: begin, resume, preview; and one event of it alone."""

from __future__ import annotations

import shlex
import time
from dataclasses import asdict
from typing import Annotated

from pydantic import Field

from durian.broker.blocking import publish_all
from durian.broker.port import Address
from durian.console.explain import find_subject, wanting
from durian.console.operations.operation import Arguments, Context, Progress
from durian.console.operations.report import warnings_of
from durian.consumers.delivery import webhook_id_of
from durian.consumers.replay import Replayer
from durian.control import prepare_queue
from durian.errors import InvalidInput, NotFound
from durian.events import Event, amqp
from durian.registry import Listener
from durian.registry.replay import Replay, new_replay_id

#: Milliseconds since the epoch.
_Ms = Annotated[int, Field(ge=0, le=2**53 - 1)]

#: Events that a preview shows at most.
SHOWN_MOST = 100


class Begin(Arguments):
    """Send events of the archive to a listener."""

    #: Made by whoever asks: asking twice under one id does it once.
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")] = Field(
        default_factory=new_replay_id
    )
    listener: str
    since_ms: _Ms | None = None
    until_ms: _Ms | None = None
    rate_per_s: Annotated[float | None, Field(ge=0.001, le=1_000_000)] = None


class Resume(Arguments):
    """Go on with a replay."""

    id: str


class PreviewIt(Arguments):
    """Tell what a replay would send."""

    listener: str
    since_ms: _Ms | None = None
    until_ms: _Ms | None = None
    show: Annotated[int, Field(ge=0, le=SHOWN_MOST)] = 5


class One(Arguments):
    """Send one event to a listener again, whatever became of it."""

    event: Annotated[str, Field(min_length=1)]
    listener: str
    #: From when on the archive is searched; None: around the time inside the id, or a day back.
    since_ms: _Ms | None = None


def one(context: Context, given: One, progress: Progress) -> dict[str, object]:
    """The delivery that was made.

    Raises NotFound when no such event is there, or the listener does not want it: to an owner,
    whether others' events are there is not told.
    """
    listener = context.store.get_listener(given.listener)
    event = _wanted(context, listener, given, progress)
    if event is None:
        message = f"No event {given.event} that {listener.id} wants is in the archive."
        explain = f"durian explain {shlex.quote(given.event)} {listener.id}"
        hint = f"`{explain}` says what there is; --since 7d looks "
        raise NotFound(message, resource="event", hint=f"{hint}further back.")
    prepare_queue(context.broker, context.names, listener)
    address = Address(context.names.deliver, listener.id)
    publish_all(context.broker, [(amqp.encode(event), address)])
    webhook_id = webhook_id_of(event.source, event.id, listener.id)
    return {
        "event": event.id,
        "listener": listener.id,
        "webhook_id": webhook_id,
        "warnings": warnings_of(listener),
    }


def _wanted(context: Context, listener: Listener, given: One, progress: Progress) -> Event | None:
    """The event, if it is there and wanted."""
    try:
        subject = find_subject(
            context,
            given.event,
            _past(given.since_ms),
            progress,
            meant=lambda event: bool(wanting(listener, event.type, event).holds),
        )
    except NotFound:
        return None
    # What was set aside may be called by an id of its own.
    event = subject.event if subject.id == given.event else None
    return event if wanting(listener, subject.type, event).holds else None


def begin(context: Context, given: Begin, progress: Progress) -> dict[str, object]:
    """The replay as it ended."""
    replay = Replay(
        id=given.id,
        listener_id=given.listener,
        since=_past(given.since_ms),
        until=_seconds(given.until_ms),
        rate_per_s=given.rate_per_s,
    )
    return described(_replayer(context, progress).begin(replay))


def resume(context: Context, given: Resume, progress: Progress) -> dict[str, object]:
    """The replay as it ended."""
    return described(_replayer(context, progress).resume(given.id))


def preview(context: Context, given: PreviewIt, progress: Progress) -> dict[str, object]:
    """How many events would be read and sent, and the first of those."""
    found = _replayer(context, progress).preview(
        given.listener,
        since=_past(given.since_ms),
        until=_seconds(given.until_ms),
        show=given.show,
    )
    return {"seen": found.seen, "wanted": found.wanted, "first": list(map(_shown, found.first))}


def described(replay: Replay) -> dict[str, object]:
    """A replay as one JSON object; `state` is `lost` when it is running and its process is gone."""
    fields = asdict(replay)
    for inner in ("holder", "leased_until", "is_held"):
        del fields[inner]
    lost = replay.state == "running" and not replay.is_held
    return fields | {"state": "lost" if lost else replay.state}


def _replayer(context: Context, progress: Progress) -> Replayer:
    return Replayer(
        context.broker, context.names, context.store, stop=context.stop, progress=progress
    )


def _past(since_ms: int | None) -> float | None:
    if since_ms is not None and since_ms > time.time() * 1000:
        raise InvalidInput("since", "is not in the past")
    return _seconds(since_ms)


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def _shown(event: Event) -> dict[str, object]:
    return {
        "id": event.id,
        "type": event.type,
        "source": event.source,
        "time": event.attributes["time"],
    }
