"""What tests of a project need: to see which events it would send, without a broker.

    with capture_events() as events:
        Person.objects.create(name="Joe")
    assert events.of("person") == [{"name": "Joe", "created": True}]

Events are read from the outbox, so a transaction that is rolled back, or a savepoint, has none; and
`TestCase`, whose transaction never commits, has them all the same. In a coroutine it is `async
with`, and events are looked at after the block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from types import TracebackType
from typing import Any, Generic, ParamSpec, TypeVar, overload

from asgiref.sync import sync_to_async
from django.test import TestCase

from durian.django.deployment import DjangoDeployment
from durian.django.models import OutboxEvent
from durian.django.settings import read
from durian.django.store import outbox_databases
from durian.errors import InvalidEvent
from durian.events import Event
from durian.events.document import event_of
from durian.events.jsonvalue import dump
from durian.hook import Hook, use

_Given = ParamSpec("_Given")
_Entered = TypeVar("_Entered")


class Block(Generic[_Entered]):
    """What is entered by `with`, or in a coroutine by `async with`."""

    def __init__(self, block: AbstractContextManager[_Entered]) -> None:
        self._block = block

    def __enter__(self) -> _Entered:
        return self._block.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._block.__exit__(kind, error, traceback)

    async def __aenter__(self) -> _Entered:
        return await sync_to_async(self._block.__enter__)()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await sync_to_async(self._block.__exit__)(kind, error, traceback)


def _block(
    function: Callable[_Given, Iterator[_Entered]],
) -> Callable[_Given, Block[_Entered]]:
    """Make a block of a function that yields once."""
    manage = contextmanager(function)

    @wraps(function)
    def begin(*args: _Given.args, **kwargs: _Given.kwargs) -> Block[_Entered]:
        return Block(manage(*args, **kwargs))

    return begin


class CapturedEvents(Sequence[Event]):
    """The events of a block: so far while it runs, all of it afterwards."""

    def __init__(self) -> None:
        self._events: list[Event] | None = None
        self._since = {alias: _last(alias) for alias in _databases()}

    def of(self, event_type: str) -> list[Any]:
        """The data of events of one type."""
        return [event.data for event in self if event.type == event_type]

    def close(self) -> None:
        """Look for the last time."""
        self._events = self._look()

    @overload
    def __getitem__(self, index: int) -> Event: ...

    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...

    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        return self._now()[index]

    def __len__(self) -> int:
        return len(self._now())

    def __repr__(self) -> str:
        return repr([(event.type, event.data) for event in self])

    def _now(self) -> list[Event]:
        return self._look() if self._events is None else self._events

    def _look(self) -> list[Event]:
        return [
            event_of(row.event)
            for alias, last in self._since.items()
            for row in OutboxEvent.objects.using(alias).filter(pk__gt=last).order_by("pk")
        ]


class _Capturing(DjangoDeployment):
    """Lets every event come to the outbox, whatever its hook says, and no further."""

    def emit(self, hook: Hook, event: Event, using: str | None = None) -> None:
        del hook
        self.write(event, using)


@_block
def capture_events() -> Iterator[CapturedEvents]:
    """Capture the events of hooks for the length of the block; nothing leaves.

    Those with `asynchronous = False` are captured too, and call nobody.
    """
    settings = read().model_copy(update={"outbox": True, "eager": False})
    before = use(_Capturing(settings))
    captured = CapturedEvents()
    try:
        yield captured
        captured.close()
    finally:
        use(before)


class EventAssertions:
    """Assertions about events, for a test case of your own."""

    @_block
    def assert_emits(
        self, event_type: str, data: Mapping[str, Any] | None = None, *, times: int | None = None
    ) -> Iterator[CapturedEvents]:
        """Fail unless the block emits such an event.

        Args:
            event_type: Its type.
            data: What its data must hold, among other things perhaps. A `Decimal`, a date or a UUID
                means what is written for it in JSON.
            times: How many such events there must be; None: at least one.
        """
        with capture_events() as events:
            yield events
        wanted = dict(data or {})
        found = [one for one in events.of(event_type) if _holds(one, wanted)]
        if not found or times not in {None, len(found)}:
            expected = "an event" if times is None else f"{times} events"
            about = f" with {wanted}" if wanted else ""
            message = f"{expected} {event_type!r}{about} expected, {len(found)} found in {events}"
            raise AssertionError(message)

    @_block
    def assert_emits_nothing(self) -> Iterator[None]:
        """Fail when the block emits an event."""
        with capture_events() as events:
            yield
        if events:
            message = f"no events expected, but there are {events}"
            raise AssertionError(message)


class DurianTestCase(EventAssertions, TestCase):
    """Django's test case with assertions about events."""


def _databases() -> list[str]:
    """The databases with an outbox that this test may use."""
    allowed: list[str] = []
    for alias in outbox_databases():
        try:
            _last(alias)
        except AssertionError:  # the test has not named it among its databases
            continue
        allowed.append(alias)
    return allowed


def _last(alias: str) -> int:
    newest = OutboxEvent.objects.using(alias).order_by("-pk").values_list("pk", flat=True)
    return newest.first() or 0


def _holds(data: Any, wanted: Mapping[str, Any]) -> bool:
    if not isinstance(data, dict):
        return not wanted
    return all(name in data and _means(value, data[name]) for name, value in wanted.items())


def _means(wanted: Any, value: Any) -> bool:
    """Tell whether a value is the one wanted, or what JSON makes of it."""
    if wanted == value:
        return True
    try:
        return bool(dump(wanted)[1] == value)
    except InvalidEvent:
        return False
