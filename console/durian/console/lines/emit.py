"""Emitting what a file holds, to RabbitMQ or to a server such as a running `durian up`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from durian.console.emitting import SOURCE, warn_of_operational
from durian.console.lines.reading import Lines
from durian.console.lines.run import Run
from durian.console.server import open_client
from durian.console.settings import Settings
from durian.console.watching import watched
from durian.errors import DurianError, InvalidInput
from durian.events import Event
from durian.producers import PartlyEmitted, Producer

#: Events, and about how many bytes, that are handed to a server by one request.
BATCH_EVENTS = 100
BATCH_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for on the command line."""

    #: A path, or `-` for stdin.
    file: str
    #: The type of every event; None when each line is a whole event.
    event_type: str | None
    #: The `source` of events that name none.
    source: str | None
    rate_per_s: float | None
    #: Where an interrupted run goes on.
    resume: str | None


def emit_lines(settings: Settings, asked: Asked) -> int:
    """Emit an event for each line; tell how many were confirmed.

    Raises InvalidEvent, which names the line, or whatever ended it. It says on stderr how to go on.
    """
    run = Run.read(asked.resume) if asked.resume else Run.new()
    with ExitStack() as stack:
        file, total = stack.enter_context(_opened(asked.file))
        progress = stack.enter_context(watched("emitting"))
        lines = Lines(
            file,
            "stdin" if asked.file == "-" else asked.file,
            run,
            event_type=asked.event_type,
            event_source=asked.source or SOURCE,
            rate_per_s=asked.rate_per_s,
            progress=lambda done: progress(done, total),
        )
        # What comes from a pipe, or at a rate, does not wait for a batch to be full.
        at_once = total is None or asked.rate_per_s is not None
        with _goes_on(lines):
            if settings.broker_url and not settings.server:
                return _to_rabbitmq(settings, lines)
            return _to_server(settings, lines, 1 if at_once else BATCH_EVENTS)


@contextmanager
def _opened(name: str) -> Iterator[tuple[BinaryIO, int | None]]:
    """Open a file; tell how many lines it has, unless it is a pipe."""
    if name == "-":
        yield sys.stdin.buffer, None
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed by the block below
    except OSError as exc:
        raise InvalidInput("--lines", f"{name} cannot be read: {exc.strerror}") from exc
    with file:
        yield file, _count_lines(file) if file.seekable() else None


def _count_lines(file: BinaryIO) -> int:
    count = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
    file.seek(0)
    return count


@contextmanager
def _goes_on(lines: Lines) -> Iterator[None]:
    """Tell how to go on with what does not end in this block."""
    try:
        yield
    except PartlyEmitted as partly:
        _tell(lines.rest(partly.unconfirmed))
        raise cast("DurianError", partly.__cause__) from partly
    except KeyboardInterrupt:
        _tell(lines.rest_in_doubt())
        raise


def _tell(run: Run) -> None:
    line = f"To go on with line {run.first}: the same command with --resume {run}"
    print(line, file=sys.stderr)  # noqa: T201  # stdout is for what was asked for


def _to_rabbitmq(settings: Settings, lines: Lines) -> int:
    with Producer(settings.broker_url, prefix=settings.prefix) as producer:
        return producer.emit_many(_warned(lines))


def _warned(lines: Lines) -> Iterator[Event]:
    """The events, with a warning at the first whose type is Durian's own."""
    warned = False
    for event in lines:
        warned = warned or warn_of_operational(event)
        yield event


def _to_server(settings: Settings, lines: Lines, most: int) -> int:
    confirmed = 0
    with open_client(settings) as client:
        for batch in _batches(_warned(lines), most):
            try:
                client.publish(batch)
            except DurianError as error:
                raise PartlyEmitted(
                    str(error), confirmed=confirmed, unconfirmed=tuple(batch), unread=lines
                ) from error
            confirmed += len(batch)
    return confirmed


def _batches(events: Iterator[Event], most: int) -> Iterator[list[Event]]:
    """Batches of events; one that is bad ends it after the ones before."""
    batch: list[Event] = []
    size = 0
    try:
        for event in events:
            batch.append(event)
            size += len(event.body) + sum(map(len, event.attributes.values()))
            if len(batch) >= most or size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
    except DurianError as error:
        if batch:
            yield batch
        raise PartlyEmitted(str(error), confirmed=0, unconfirmed=(), unread=events) from error
    if batch:
        yield batch
