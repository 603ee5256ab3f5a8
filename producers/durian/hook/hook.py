"""Hook: a producer's definition of one event type, and how such an event is sent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from durian.errors import DurianError, InvalidHook
from durian.events import Event
from durian.hook.deployment import current
from durian.hook.muting import is_muted
from durian.hook.new_listener import NewListener
from durian.hook.provided import Provided, Source
from durian.match import Filter
from durian.registry import HookSpec, Policy
from durian.registry.policy import STANDARD_SCHEDULE_S
from durian.registry.typed import schema_of

_log = logging.getLogger(__name__)

#: What a hook may be told when it is made, and has as class attributes else.
OPTIONS = (
    "name",
    "verbose_name",
    "description",
    "provides_args",
    "schema",
    "example",
    "asynchronous",
    "timeout",
    "retry",
    "max_retries",
    "fail_silently",
    "config_form",
)


class Hook:
    """The definition of one event type: derive from it, or make one of keywords.

        paid = Hook(name="order.paid", provides_args=["number", "total"])
        paid.send(None, number=7, total="12.50")

    Raises:
        InvalidHook: names the attribute that cannot be used, and why.
    """

    #: The type of its events, such as `person` or `order.paid`.
    name: str = ""
    #: For people, in a list; the name unless it is said.
    verbose_name: str = ""
    #: For people: when it happens.
    description: str = ""
    #: What is sent: names and dotted paths (`owner.email`), functions that are called with what
    #: they are read from, or a mapping from names to either. None: all that there is.
    provides_args: Sequence[Any] | Mapping[str, Any] | None = None
    #: A JSON Schema of the data, or their type (a pydantic model or a dataclass), for
    #: documentation; None when any will do.
    schema: Mapping[str, Any] | type[Any] | None = None
    #: Data of such an event, for documentation and tests.
    example: Any = None
    #: False: its listeners are called by this very process before `send` returns.
    asynchronous: bool = True
    #: Seconds that an attempt may take; becomes the policy of its listeners.
    timeout: float = 4.0
    #: Whether an attempt that failed is followed by others; becomes the policy of its listeners.
    retry: bool = True
    #: Attempts after the first, with growing waits between them; the same.
    max_retries: int = 3
    #: Whether an event that cannot be sent is logged instead of raised.
    fail_silently: bool = False
    #: A Django form whose cleaned data are choices of a listener's policy; None: the app's own.
    config_form: Any = None

    #: Names beside the provided ones that events of such a hook may hold.
    own_args: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **options: Any) -> None:
        for name, value in options.items():
            if name not in self._options():
                known = ", ".join(self._options())
                raise InvalidHook(name, "is not known to hooks", hint=f"They take {known}.")
            setattr(self, name, value)
        self.verbose_name = self.verbose_name or self.name
        self._provided = Provided.read(self.provides_args)
        self.spec()
        self.policy()

    @classmethod
    def _options(cls) -> tuple[str, ...]:
        return OPTIONS

    def spec(self) -> HookSpec:
        """What it promises of its events. Raises InvalidHook."""
        return HookSpec(
            name=self.name,
            schema=schema_of(self.schema),
            description=self.description,
            example=self.example,
        )

    def policy(self) -> Policy:
        """How deliveries to a listener are made unless it says otherwise. Raises InvalidHook."""
        if not 0 < self.timeout <= 120:  # noqa: PLR2004  # a policy's own bound
            raise InvalidHook("timeout", "must be above 0 and at most 120 seconds")
        if not 0 <= self.max_retries < 100:  # noqa: PLR2004  # the same
            raise InvalidHook("max_retries", "must be from 0 to 99")
        return Policy(
            timeout_s=self.timeout,
            connect_timeout_s=min(self.timeout, Policy().connect_timeout_s),
            schedule_s=schedule_of(self.max_retries if self.retry else 0),
        )

    def listener(self, *, url: str, **options: Any) -> NewListener:
        """Begin a listener of this hook: `hook.listener(url=...).match(name="Joe").save()`.

        Args:
            url: Where events are POSTed to.
            options: Fields of `durian.registry.Listener` (`id`, `description`, `enabled`) or of its
                policy (`payload`, `headers`, `rate_per_s`, ...).
        """
        return NewListener(self, url, options)

    def send(self, sender: object = None, /, **payload: Any) -> Event | None:
        """Send an event; returns it, or None when it is muted, or could not be sent silently.

        In a transaction of Django's it leaves when that commits, and never when it is rolled back.

        Args:
            sender: Who sends it, as signals have it; not part of the event.
            payload: What `provides_args` names is sent, or all of it.

        Raises:
            InvalidEvent: the payload cannot be sent.
            BrokerError: the broker did not take it.
            NotDelivered: `asynchronous` is False, and not every listener took it.
        """
        del sender
        return self._emit(lambda: self.data_of(payload))

    def emit(self, data: Any) -> Event | None:
        """Send an event with these very data, such as an example; else as `send`."""
        return self._emit(lambda: data)

    async def asend(self, sender: object = None, /, **payload: Any) -> Event | None:
        """Send an event from a coroutine, without blocking its loop; as `send`."""
        return await current().in_thread(lambda: self.send(sender, **payload))

    def data_of(self, payload: Mapping[str, Any]) -> Any:
        """The data of an event, of what was handed to `send`."""
        return self._provided.of(Source(payload)) if self._provided else dict(payload)

    def provides(self) -> list[str] | None:
        """The dotted paths of what its events hold for sure; None when that is open."""
        return self._provided.names if self._provided else None

    def offers(self) -> list[str]:
        """What a listener can ask of its events by name, as far as that is known."""
        return self.provides() or []

    def filter_for(self, user: Any) -> Filter | None:
        """What listeners that a user makes are narrowed to; None: they may make none.

        For a hook of your own to say who may know what, where users make listeners themselves: on
        the pages of the Django app, and in its admin. By default everybody may know all.
        """
        del user
        return Filter()

    def field_of(self, name: str) -> Any:
        """The model's field that a provided value is read from; None when there is none."""
        del name

    def bind(self) -> None:
        """Begin to listen for what it tells of; a plain hook is told by `send`."""

    def unbind(self) -> None:
        """Stop that."""

    def _emit(self, data: Callable[[], Any], using: str | None = None) -> Event | None:
        """Send an event with data that may turn out to be none."""
        if is_muted(self.name):
            return None
        deployment = current()
        try:
            event = Event(type=self.name, source=deployment.settings.source, data=data())
            deployment.emit(self, event, using)
        except DurianError as error:
            if not self.fail_silently:
                error.add_note(f"It is of the hook {self.name!r}.")
                raise
            _log.exception("hook.failed hook=%s error=%s", self.name, error)
            return None
        return event

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


def schedule_of(retries: int) -> tuple[float, ...]:
    """The waits before each attempt, in seconds: Standard Webhooks', and then its last again."""
    waits = (*STANDARD_SCHEDULE_S, *STANDARD_SCHEDULE_S[-1:] * retries)
    return waits[: retries + 1]
