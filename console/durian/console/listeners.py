"""Adding and changing listeners from the command line, with or without a broker at hand."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from durian.broker.blocking import declare_all
from durian.console.settings import Settings
from durian.console.watching import moment
from durian.console.wiring import open_broker, open_store, topology
from durian.control import Provision
from durian.errors import InvalidListener
from durian.match import Filter, check_event_pattern
from durian.registry import Listener, ListenerSecret, OpenBreaker

#: Listeners read at once.
_PAGE = 1000


class Desk(Protocol):
    """Where listeners are added and changed."""

    def add(self, listener: Listener, secret: ListenerSecret) -> None:
        """Add a listener with its first secret; raises Conflict when its id is taken."""

    def set_enabled(self, listener_id: str, *, enabled: bool) -> None:
        """Enable or disable a listener; raises NotFound."""

    def remove(self, listener_id: str) -> None:
        """Remove a listener; raises NotFound."""


class _RegistryDesk:
    """Writes the registry only: a running `durian up` follows it and does the rest."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def add(self, listener: Listener, secret: ListenerSecret) -> None:
        self._store.add_listener(listener, secret)

    def set_enabled(self, listener_id: str, *, enabled: bool) -> None:
        self._store.set_enabled(listener_id, enabled)

    def remove(self, listener_id: str) -> None:
        self._store.remove_listener(listener_id)


@contextmanager
def open_desk(settings: Settings) -> Iterator[Desk]:
    """Open the registry, and the broker when one is set."""
    with open_store(settings) as store:
        if not settings.broker_url:
            yield _RegistryDesk(store)
            return
        with open_broker(settings) as broker:
            names = topology(settings)
            # The first listener of a deployment may come before its first router.
            declare_all(broker, names.house())
            yield Provision(store, broker, names)


def filter_of(text: str | None, conditions: Sequence[str]) -> str:
    """Read a filter given as JSON or as short conditions, such as `name=startswith:J`.

    Raises InvalidFilter.
    """
    if text is not None and conditions:
        raise InvalidListener("--filter", "cannot be combined with --match")
    if text is not None:
        return Filter.parse(text).to_json()
    return Filter(*map(Filter.parse_short, conditions)).to_json()


def policy_of(
    choices: Sequence[str], *, ordered: bool = False, rate_per_s: float | None = None
) -> Mapping[str, object]:
    """Read choices of the delivery policy, such as `timeout_s=5` or `schedule_s=[0,5,60]`.

    Raises InvalidListener.
    """
    policy: dict[str, object] = {"ordered": True} if ordered else {}
    if rate_per_s is not None:
        policy["rate_per_s"] = rate_per_s
    for choice in choices:
        name, equals, value = choice.partition("=")
        if not equals:
            raise InvalidListener("--policy", f"{choice!r} is not NAME=VALUE")
        try:
            policy[name] = json.loads(value)
        except ValueError:
            policy[name] = value  # plain words need no quotes
    return policy


def new_secret(text: str | None) -> ListenerSecret:
    """The secret that was given, or a new one. Raises InvalidListener."""
    now = time.time()
    if text is None:
        return ListenerSecret.new(now=now)
    return ListenerSecret(value=text, created_at=now)


def new_listener(**fields: Any) -> Listener:
    """Make a listener of what was typed. Raises InvalidListener or InvalidFilter."""
    listener = Listener.create(**fields)
    check_event_pattern(listener.event)
    return listener


def described(listener: Listener, breaker: OpenBreaker | None = None) -> dict[str, object]:
    """A listener as one JSON object, its filter unfolded; null for a breaker that is closed."""
    facts = listener.model_dump(mode="json") | {"filter": json.loads(listener.filter)}
    return facts | {"breaker": None if breaker is None else _breaker(breaker)}


def _breaker(breaker: OpenBreaker) -> dict[str, object]:
    return {
        "failing_since": _failing_since(breaker),
        "failures": breaker.failures,
        "probes": breaker.probes,
        "next_probe_at": moment(round(breaker.next_probe_at * 1000)),
    }


def _failing_since(breaker: OpenBreaker) -> str:
    return moment(round(breaker.failing_since * 1000))


def open_breakers(store: Any) -> Mapping[str, OpenBreaker]:
    """The breakers that are open, by listener."""
    return {breaker.listener_id: breaker for breaker in store.open_breakers()}


def pages(store: Any, event: str | None) -> Iterator[Listener]:
    """All listeners by id, read in pages."""
    after: str | None = None
    while page := store.list_listeners(event, after=after, limit=_PAGE):
        yield from page
        after = page[-1].id


def short_of(conditions: Filter) -> str:
    """A filter in its short form; empty when every event is wanted."""
    return "" if conditions == Filter() else conditions.to_short()


def row(listener: Listener, breaker: OpenBreaker | None) -> tuple[str, str, str, str, str]:
    """A listener as a row: id, event pattern, filter in its short form, URL, and its state."""
    wants = short_of(Filter.parse(listener.filter))
    if not listener.enabled:
        state = "disabled"
    else:
        state = "enabled" if breaker is None else f"failing since {_failing_since(breaker)}"
    return listener.id, listener.event, wants, listener.url, state


def pairs(described: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """The fields of a listener for people, its policy's and its breaker's among them."""
    for name, value in described.items():
        if name in ("policy", "breaker") and isinstance(value, Mapping):
            yield from ((f"{name}.{key}", json.dumps(one)) for key, one in value.items())
        else:
            yield name, value if isinstance(value, str) else json.dumps(value)
