"""Every name and argument Durian has on the broker, in one place.

Structural arguments live here because RabbitMQ refuses to change them (406 on a mismatching
declare); everything that may be tuned later is left to operator policies. Works on RabbitMQ 3.10
to 4.x: docs/architecture.md draws it.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Literal

from durian.broker.parts import Argument, Binding, Exchange, Part, Queue

QueueType = Literal["quorum", "classic"]

#: Keys per publish: RabbitMQ stores all keys with the message in every queue, so an unbounded
#: list would cost the square of it.
MAX_KEYS = 64

#: RabbitMQ 4 drops a message after 20 deliveries unless told otherwise; a restart of a consumer
#: counts as one, so the default would eat messages that were never tried.
DELIVERY_LIMIT = 1000

#: The same for records of attempts: the recorder gives them back whenever its database refuses
#: them, and that may last for days.
ATTEMPTS_DELIVERY_LIMIT = 1_000_000

#: What lies in a queue that nobody consumes is handed out whenever somebody looks at it, and must
#: survive that for ever: dead letters, orphans, what is no event.
ASIDE_DELIVERY_LIMIT = 1_000_000_000

#: The head of an ordered listener goes back and comes again once a minute while it waits for its
#: next attempt: at least two years of that.
ORDERED_DELIVERY_LIMIT = 1_100_000

#: The last bucket of the delay wheel: seven days, in milliseconds.
LONGEST_DELAY_MS = 7 * 24 * 3600 * 1000

#: Milliseconds of every bucket: 100 ms and up by the square root of two, then seven days.
BUCKETS_MS: tuple[int, ...] = (
    *(round(100 * 2 ** (step / 2)) for step in range(46)),
    LONGEST_DELAY_MS,
)

#: The archive keeps a week or 10 GB, whichever ends first; both can be lowered by policy.
ARCHIVE_MAX_AGE = "7D"
ARCHIVE_MAX_BYTES = 10_000_000_000

#: Queues that nobody has to consume are bounded and drop their oldest, so that they never reject.
ORPHANS_MAX_LENGTH = 1_000_000
ATTEMPTS_MAX_LENGTH = 1_000_000
UNROUTED_MAX_LENGTH = 1_000_000

#: Bytes of records that wait for the recorder: a backlog must not fill the broker's disk, for that
#: would stop deliveries. Seldom reached before the length: a record has about a thousand.
ATTEMPTS_MAX_BYTES = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Topology:
    """The names and declarations under one prefix."""

    prefix: str = "durian"

    @property
    def events(self) -> str:
        """The topic exchange that producers publish to; the routing key is the event's type."""
        return f"{self.prefix}.events"

    @property
    def route(self) -> str:
        """The queue the router consumes."""
        return f"{self.prefix}.route"

    @property
    def invalid(self) -> str:
        """Exchange and queue of messages that are no events, each with the reason."""
        return f"{self.prefix}.invalid"

    @property
    def unrouted(self) -> str:
        """Exchange and queue of events that reached no queue."""
        return f"{self.prefix}.unrouted"

    @property
    def deliver(self) -> str:
        """The direct exchange from which every listener's queue is fed, by listener id."""
        return f"{self.prefix}.deliver"

    @property
    def orphans(self) -> str:
        """Exchange and queue of deliveries whose listener is gone."""
        return f"{self.prefix}.orphans"

    @property
    def dead(self) -> str:
        """The direct exchange of deliveries that were given up, by listener id."""
        return f"{self.prefix}.dead"

    @property
    def attempts(self) -> str:
        """Exchange and queue of attempt records, key `<listener>.<outcome>`."""
        return f"{self.prefix}.attempts"

    @property
    def archive(self) -> str:
        """The stream of all events."""
        return f"{self.prefix}.archive"

    @property
    def control(self) -> str:
        """The fanout exchange that tells every process of a change."""
        return f"{self.prefix}.control"

    def listener_queue(self, listener_id: str) -> str:
        """The name of a listener's delivery queue."""
        return f"{self.prefix}.listener.{listener_id}"

    def dead_queue(self, listener_id: str) -> str:
        """The name of a listener's dead-letter queue."""
        return f"{self.prefix}.dead.{listener_id}"

    def delay(self, bucket_ms: int) -> str:
        """The name of a delay bucket's exchange and queue."""
        return f"{self.prefix}.delay.{bucket_ms}"

    def house(self) -> tuple[Part, ...]:
        """Everything but the parts that belong to one listener or one delay."""
        return (
            *self._side(self.unrouted, UNROUTED_MAX_LENGTH),
            *self._side(self.orphans, ORPHANS_MAX_LENGTH),
            *self._side(self.invalid),
            Exchange(self.events, "topic", {"alternate-exchange": self.unrouted}),
            Queue(
                self.route,
                {
                    "x-queue-type": "quorum",
                    "x-delivery-limit": DELIVERY_LIMIT,
                    "x-dead-letter-exchange": self.invalid,
                    "x-dead-letter-routing-key": self.route,
                },
            ),
            Binding(self.events, self.route, "#"),
            Queue(
                self.archive,
                {
                    "x-queue-type": "stream",
                    "x-max-age": ARCHIVE_MAX_AGE,
                    "x-max-length-bytes": ARCHIVE_MAX_BYTES,
                },
            ),
            Binding(self.events, self.archive, "#"),
            # For marks: whoever reads up to now has to know where now is.
            Exchange(self.archive, "fanout"),
            Binding(self.archive, self.archive, ""),
            # An alternate exchange, because one undeliverable message would block a whole shared
            # delay bucket (at-least-once dead-lettering keeps it pending).
            Exchange(self.deliver, "direct", {"alternate-exchange": self.orphans}),
            Exchange(self.dead, "direct", {"alternate-exchange": self.orphans}),
            Exchange(self.attempts, "topic"),
            Queue(
                self.attempts,
                {
                    "x-queue-type": "quorum",
                    "x-delivery-limit": ATTEMPTS_DELIVERY_LIMIT,
                    "x-max-length": ATTEMPTS_MAX_LENGTH,
                    "x-max-length-bytes": ATTEMPTS_MAX_BYTES,
                    "x-overflow": "drop-head",
                },
            ),
            Binding(self.attempts, self.attempts, "#"),
            Exchange(self.control, "fanout"),
        )

    def listener(
        self, listener_id: str, queue_type: QueueType = "quorum", *, ordered: bool = False
    ) -> tuple[Part, ...]:
        """A listener's delivery queue and its binding."""
        queue = self.listener_queue(listener_id)
        arguments: dict[str, Argument] = {
            "x-queue-type": queue_type,
            "x-dead-letter-exchange": self.dead,
            # Explicit: without it RabbitMQ dead-letters under all BCC keys of the message.
            "x-dead-letter-routing-key": listener_id,
        }
        if queue_type == "quorum":
            # With a limit, what is given back keeps its place; without one, it goes to the end.
            limit = ORDERED_DELIVERY_LIMIT if ordered else DELIVERY_LIMIT
            arguments["x-delivery-limit"] = limit
        if ordered:
            arguments["x-single-active-consumer"] = True
        return (Queue(queue, arguments), Binding(self.deliver, queue, listener_id))

    def dead_letters(self, listener_id: str) -> tuple[Part, ...]:
        """A listener's dead-letter queue, declared when the first delivery is given up."""
        queue = self.dead_queue(listener_id)
        arguments: dict[str, Argument] = {
            "x-queue-type": "quorum",
            "x-delivery-limit": ASIDE_DELIVERY_LIMIT,
        }
        return (Queue(queue, arguments), Binding(self.dead, queue, listener_id))

    def delay_bucket(self, bucket_ms: int) -> tuple[Part, ...]:
        """One bucket of the delay wheel: whatever enters comes back to `deliver` after its TTL.

        The routing key is kept, so a bucket is shared by all listeners.
        """
        name = self.delay(bucket_ms)
        return (
            Exchange(name, "fanout"),
            Queue(
                name,
                {
                    "x-queue-type": "quorum",
                    "x-message-ttl": bucket_ms,
                    "x-dead-letter-exchange": self.deliver,
                    "x-dead-letter-strategy": "at-least-once",
                    "x-overflow": "reject-publish",
                    "x-delivery-limit": DELIVERY_LIMIT,
                },
            ),
            Binding(name, name, ""),
        )

    def control_queue(self, name: str) -> tuple[Part, ...]:
        """A process's own queue of control messages; it dies with its connection."""
        return (Queue(name, exclusive=True), Binding(self.control, name, ""))

    def _side(self, name: str, max_length: int | None = None) -> tuple[Part, ...]:
        """A fanout exchange and its queue, for messages that left the way."""
        arguments: dict[str, Argument] = {
            "x-queue-type": "quorum",
            "x-delivery-limit": ASIDE_DELIVERY_LIMIT,
        }
        if max_length is not None:
            arguments |= {"x-max-length": max_length, "x-overflow": "drop-head"}
        return (Exchange(name, "fanout"), Queue(name, arguments), Binding(name, name, ""))


def bucket_for(delay_s: float, rng: random.Random) -> int:
    """Choose the bucket of a delay, in milliseconds: one of its two neighbours.

    The nearer one is likelier, such that the expectation is the delay itself.
    """
    delay_ms = delay_s * 1000
    if delay_ms <= BUCKETS_MS[0]:
        return BUCKETS_MS[0]
    if delay_ms >= BUCKETS_MS[-1]:
        return BUCKETS_MS[-1]
    above = next(bucket for bucket in BUCKETS_MS if bucket >= delay_ms)
    below = BUCKETS_MS[BUCKETS_MS.index(above) - 1]
    share = (delay_ms - below) / (above - below)
    return above if rng.random() < share else below


def bucket_at_least(delay_s: float) -> int:
    """Choose the shortest bucket that is not shorter than the delay (for `Retry-After`), in ms."""
    delay_ms = math.ceil(delay_s * 1000)
    return next((bucket for bucket in BUCKETS_MS if bucket >= delay_ms), BUCKETS_MS[-1])
