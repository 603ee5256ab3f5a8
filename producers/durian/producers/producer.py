"""Producer: what a program holds to publish events."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, overload

from durian.broker.topology import Topology
from durian.errors import BrokerError, DurianError, InvalidSettings
from durian.events import DEFAULT_SOURCE, Event
from durian.producers.broker_url import parse_broker_urls
from durian.producers.check import Check
from durian.producers.maker import Maker
from durian.producers.pipeline import Pipeline
from durian.producers.policy import PublishPolicy, passes
from durian.producers.pool import Pool

if TYPE_CHECKING:
    from durian.registry import HookSpec

#: Connections a producer opens at most: as many threads emit at the same time.
CONNECTIONS = 8


class Producer:
    """Publishes events to RabbitMQ and returns when they are safe.

    Safe means: the broker confirmed that a queue has the event on disk. Events are published
    persistent and mandatory; an event that reaches no queue is an error. When a connection is lost
    or a confirm does not come, the same event (with the same id) is published again, so after such
    a fault it may be delivered twice.

    Connections are made when first needed and kept for the next event. All methods may be called
    from any thread, and after a fork in the child too. Nothing is declared: the user needs no more
    than the permission to write to the events exchange.

        with Producer("amqp://localhost") as producer:
            producer.emit("person", {"name": "Joe"})

    Args:
        url: An AMQP URL; several separated by `;` are tried in turn.
        prefix: The deployment's prefix of all broker names (`DURIAN_PREFIX`).
        hooks: What events are checked against before they are published: by event type a hook, or
            the type of the data (a pydantic model or a dataclass); or a function that
            raises InvalidEvent. Events whose type is not among them are not checked.
        source: The `source` of events that `emit` makes of a type and data.
        policy: Timeouts and retries.
        connections: The most connections that are open at a time; further threads wait.

    Raises:
        InvalidSettings: the URL, the policy or a number cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "durian",
        hooks: Mapping[str, HookSpec | type[Any]] | Check | None = None,
        source: str = DEFAULT_SOURCE,
        policy: PublishPolicy | None = None,
        connections: int = CONNECTIONS,
    ) -> None:
        if connections < 1:
            raise InvalidSettings("connections", f"{connections} must be at least 1")
        self._exchange = Topology(prefix).events
        self._maker = Maker(hooks, source)
        self._policy = policy or PublishPolicy()
        self._pool = Pool(parse_broker_urls(url), self._policy, size=connections)
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @overload
    def emit(self, event: Event, /) -> Event: ...

    @overload
    def emit(
        self,
        event: str,
        data: Any = None,
        /,
        *,
        subject: str | None = None,
        source: str | None = None,
    ) -> Event: ...

    def emit(
        self,
        event: Event | str,
        data: Any = None,
        /,
        *,
        subject: str | None = None,
        source: str | None = None,
    ) -> Event:
        """Publish one event, or one made of a type and its data; tell the event once it is safe.

        Raises:
            InvalidEvent: it is no event, or not what its hook says. Nothing was published.
            Unroutable: no queue took it.
            PublishRejected: the broker did not take it, also not when tried again.
            QueueMissing: the events exchange does not exist.
            BrokerRefused: the login, the virtual host or the permission to write was refused.
            BrokerUnavailable: no broker confirmed it in time. It may have arrived all the same.
            BrokerBlocked: the same, because the broker is low on memory or disk.
        """
        event = self._maker.event(event, data, subject=subject, source=source)
        message = self._maker.message(event)  # before a connection is made for it
        self._carry_out(Pipeline(iter((event,)), encode=lambda _: message, exchange=self._exchange))
        return event

    def emit_many(self, events: Iterable[Event]) -> int:
        """Publish events without waiting for each; tell how many when all of them are safe.

        The iterable is read as fast as the broker confirms, so it may be endless. Events are
        published in order; after a fault some may come again, later. It ends at the first event
        that cannot be published, and the ones before are safe then.

        Raises:
            PartlyEmitted: not all events were confirmed; tells which. Its cause is an error that
                `emit` raises.
        """
        pipeline = Pipeline(iter(events), encode=self._maker.message, exchange=self._exchange)
        try:
            self._carry_out(pipeline)
        except DurianError as error:
            raise pipeline.partly(error) from error
        except Exception as error:  # the iterable's own
            error.add_note(f"{pipeline.confirmed} events were confirmed before.")
            raise
        return pipeline.confirmed

    def close(self) -> None:
        """Close all connections; an emit that waits for its next attempt ends. Harmless twice."""
        self._closing.set()
        self._pool.close()

    def _carry_out(self, pipeline: Pipeline) -> None:
        """Run a pipeline to its end, trying again as the policy says."""
        while True:
            confirmed = pipeline.confirmed
            try:
                self._policy.retrying(self._closing)(self._attempt, pipeline)
                break
            except BrokerError as error:
                # A long import may outlive many faults, as long as it gets on between them.
                if pipeline.confirmed == confirmed or not passes(error):
                    raise
        if pipeline.input_error:
            raise pipeline.input_error

    def _attempt(self, pipeline: Pipeline) -> None:
        with self._pool.link() as link:
            pipeline.run(link)
