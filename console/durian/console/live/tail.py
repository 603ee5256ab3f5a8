"""`durian tail`: events and attempts as they pass, read again and again from the API."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from durian.client import Client
from durian.console.exits import complain
from durian.console.output import say, say_json, styled
from durian.errors import BrokerUnavailable, InvalidInput, NotAllowed, RegistryUnavailable
from durian.match import check_event_pattern
from durian.match.event_pattern import means

#: For how long is looked back: records come a moment late, and not in the order of attempts.
_BACK = timedelta(seconds=30)

#: Of each kind, what one look takes at most.
_MOST = 2000

_STYLES = {"delivered": "green", "retry": "yellow", "dead": "red", "disabled": "red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be shown."""

    #: Type, or pattern of types.
    pattern: str = "#"
    #: Only attempts at this listener.
    listener: str | None = None
    #: Only attempts on which this followed: `delivered`, `retry`, `dead`, `disabled`.
    result: str | None = None
    events: bool = True
    attempts: bool = True


def wanted(
    pattern: str, listener: str | None, result: str | None, *, events: bool, attempts: bool
) -> Wanted:
    """Read what was typed; who names a listener or a result wants attempts. Raises InvalidInput."""
    check_event_pattern(pattern)
    if result is not None and result not in _STYLES:
        raise InvalidInput("--result", f"{result!r} is none of {', '.join(_STYLES)}")
    narrow = listener is not None or result is not None
    if events and (attempts or narrow):
        hint = "Leave it out to see both; events have no listener and no result."
        raise InvalidInput("--events", "leaves out all attempts", hint=hint)
    return Wanted(
        pattern=pattern,
        listener=listener,
        result=result,
        events=not (attempts or narrow),
        attempts=not events,
    )


class Tail:
    """Remembers what was told, so that nothing is told twice."""

    def __init__(self, client: Client, wanted: Wanted) -> None:
        self._client = client
        self._wanted = wanted
        #: Of the newest event that was told.
        self._offset = -1
        #: When the newest attempt ended that was told.
        self._newest: datetime | None = None
        #: Attempts that were told, and when each ended: those that a look back may bring again.
        self._told: dict[tuple[str, int], datetime] = {}
        #: False as well once it is known that the token may see no events.
        self._sees_events = wanted.events

    def skip(self) -> None:
        """Take what is there already as told. Raises DurianError."""
        if newest := next(self._client.attempts(most=1), None):
            self._newest = datetime.fromisoformat(newest["at"])
            list(self._attempts())
        if self._sees_events:
            self._offset = max((one["offset"] for one in self._new_events(most=1)), default=-1)

    def poll(self) -> list[dict[str, Any]]:
        """What has come since the last time, in order: each is an `event` or an `attempt`.

        Raises DurianError.
        """
        found = [*self._events(), *self._attempts()]
        return sorted(found, key=lambda one: datetime.fromisoformat(one["at"]))

    def _events(self) -> Iterator[dict[str, Any]]:
        fresh = self._new_events(most=_MOST)
        self._offset = max((one["offset"] for one in fresh), default=self._offset)
        for one in fresh:
            attributes = one["attributes"]
            if means(self._wanted.pattern, attributes["type"]):
                yield {"what": "event", "at": attributes["time"], **attributes}

    def _new_events(self, *, most: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        if not self._sees_events:
            return found
        try:
            for one in self._client.events(most=most):
                if one["offset"] <= self._offset:
                    break
                found.append(one)
        except NotAllowed:
            # The archive is the whole deployment's: an owner sees attempts at their listeners.
            self._sees_events = False
        return found

    def _attempts(self) -> Iterator[dict[str, Any]]:
        if not self._wanted.attempts:
            return
        asked = {
            "since": self._newest and (self._newest - _BACK).isoformat(),
            "listener": self._wanted.listener,
            "result": self._wanted.result,
        }
        for one in self._client.attempts(most=_MOST, **asked):
            name, at = (one["webhook_id"], one["number"]), datetime.fromisoformat(one["at"])
            if name in self._told:
                continue
            self._told[name] = at
            self._newest = max(self._newest or at, at)
            if means(self._wanted.pattern, one["event_type"]):
                yield {"what": "attempt", **one}
        if self._newest is not None:
            oldest = self._newest - _BACK
            self._told = {name: at for name, at in self._told.items() if at >= oldest}


def run_tail(tail: Tail, *, every_s: float, stop: threading.Event, as_json: bool) -> None:
    """Print what passes until `stop` is set; a server that is away for a while is waited for.

    Raises DurianError when the server refuses, or is away from the beginning.
    """
    tail.skip()
    while not stop.wait(every_s):
        try:
            found = tail.poll()
        except (BrokerUnavailable, RegistryUnavailable) as error:
            complain(f"{error.message} Trying again.")
            continue
        for one in found:
            say_json(one) if as_json else _show(one)


def _show(one: Mapping[str, Any]) -> None:
    at = f"{datetime.fromisoformat(one['at']).astimezone():%H:%M:%S}"
    if one["what"] == "event":
        say(styled(f"{at}  event    ", "bold"), f"{one['type']}  {one['id']}  {one['source']}")
        return
    came = one["status"] or one["error"] or one["kind"]
    say(
        styled(f"{at}  attempt  ", "dim"),
        f"{one['event_type']}  {one['event_id']} -> {one['listener_id']}  ",
        styled(f"{one['result']} ({came}, {one['latency_ms']} ms)", _STYLES[one["result"]]),
    )
