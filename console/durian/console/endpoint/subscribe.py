"""A listener for as long as an endpoint listens: what it wants arrives here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

from durian.console import listeners
from durian.console.listener_desk import open_listener_desk
from durian.console.settings import Settings
from durian.errors import InvalidInput
from durian.signature import new_secret

#: Adds a listener of a URL for the length of a block, and tells its id.
Subscribe = Callable[[str], AbstractContextManager[str | None]]


def nobody(_url: str) -> AbstractContextManager[str | None]:
    """Add no listener."""
    return nullcontext()


def secrets_for(event: str | None, given: Sequence[str]) -> Sequence[str]:
    """The secrets by which what arrives is verified; one is made where a listener is added."""
    return (new_secret(),) if event is not None and not given else tuple(given)


def subscriber(
    settings: Settings,
    event: str | None,
    conditions: Sequence[str],
    url: str | None,
    secrets: Sequence[str],
) -> Subscribe:
    """Make what adds a listener for an event pattern; without one, nobody.

    `url` is where the endpoint can be reached, if not where it listens. Raises InvalidInput when
    something is given that only a listener has, or when its filter cannot be read.
    """
    if event is None:
        for option, value in (("--match", conditions), ("--url", url)):
            if value:
                raise InvalidInput(option, "needs --event", hint="Add --event '#' for all events.")
        return nobody
    fields: dict[str, object] = {
        "id": None,
        "event": event,
        "filter": listeners.filter_of(None, conditions),
        "policy": {},
        "description": "durian listen",
    }
    return partial(_subscribed, settings, fields, secrets[0], url)


@contextmanager
def _subscribed(
    settings: Settings, fields: dict[str, object], secret: str, url: str | None, own_url: str
) -> Iterator[str]:
    with open_listener_desk(settings) as desk:
        added = desk.add({**fields, "url": url or own_url}, secret, None)
    listeners.warn(added)
    try:
        yield added["id"]
    finally:
        with open_listener_desk(settings) as desk:
            desk.remove(added["id"])
