"""Replays of the archive, as the command line asks for them and shows them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from durian.console.desk import open_registry
from durian.console.listeners import warn
from durian.console.moments import moment, read_moment
from durian.console.operations.replay import described
from durian.console.operations.runner import open_runner
from durian.console.output import say, say_json, table
from durian.console.server import open_client
from durian.console.settings import Settings
from durian.console.watching import watched
from durian.console.wiring import open_store
from durian.errors import DurianError, InvalidInput
from durian.registry.replay import new_replay_id

#: Fields that the API tells as moments, and the registry in seconds.
_MOMENTS = ("since", "until", "started_at", "updated_at")

#: Of a table of replays.
COLUMNS = ("id", "listener", "state", "sent", "read", "since", "until", "began", "error")


def asked(
    listener: str | None, *, since: str | None, until: str | None, rate: float | None = None
) -> Mapping[str, object]:
    """What was asked for on the command line, as the operations take it. Raises InvalidInput."""
    if listener is None:
        raise InvalidInput("--listener", "is missing", hint="Name the listener, or --resume ID.")
    now = time.time()
    return {
        "listener": listener,
        "since_ms": None if since is None else read_moment("--since", since, now),
        "until_ms": None if until is None else read_moment("--until", until, now),
        "rate_per_s": rate,
    }


def refuse(beside: str, **options: object) -> None:
    """Raise InvalidInput when an option was given that does not go with another, and why."""
    for name, value in options.items():
        if value:
            option = f"--{name.replace('_', '-')}"
            raise InvalidInput(option, f"cannot be combined with {beside}")


def begin(settings: Settings, asked: Mapping[str, object], *, as_json: bool) -> None:
    """Carry out a replay, and say what became of it."""
    replay_id = new_replay_id()
    with _goes_on(settings, replay_id):
        _run(settings, "replay.begin", {**asked, "id": replay_id}, as_json=as_json)


def resume(settings: Settings, replay_id: str, *, as_json: bool) -> None:
    """Go on with a replay, and say what became of it."""
    with _goes_on(settings, replay_id):
        _run(settings, "replay.resume", {"id": replay_id}, as_json=as_json)


def one(settings: Settings, event: str, asked: Mapping[str, object], *, as_json: bool) -> None:
    """Send one event again, and say as which delivery."""
    given = {"event": event, "listener": asked["listener"], "since_ms": asked["since_ms"]}
    with open_runner(settings) as run, watched("reading") as progress:
        sent = run("replay.one", given, progress)
    warn(sent)
    if as_json:
        say_json(sent)
    else:
        say(f"sent to {sent['listener']}, as {sent['webhook_id']}")


def preview(settings: Settings, asked: Mapping[str, object], *, as_json: bool) -> None:
    """Say what a replay would send."""
    given = {name: value for name, value in asked.items() if name != "rate_per_s"}
    with open_runner(settings) as run, watched("reading") as progress:
        found = run("replay.preview", given, progress)
    if as_json:
        say_json(found)
        return
    say(f"{found['wanted']} of {found['seen']} events would be sent to {asked['listener']}")
    if found["first"]:
        columns = ("id", "type", "source", "time")
        table(columns, ([one[column] for column in columns] for one in found["first"]))


def listed(settings: Settings, listener: str | None, limit: int) -> Sequence[Mapping[str, Any]]:
    """The newest replays. Raises ListenerUnknown when there are none of a listener that is not."""
    if settings.server:
        with open_client(settings) as client:
            asked = {"listener": listener, "limit": limit}
            told = client.call("GET", "/v1/replays", **asked)["items"]
            if listener and not told:
                client.listener(listener)
        return [one | {name: _seconds(one[name]) for name in _MOMENTS} for one in told]
    with open_registry(settings) as store:
        found = [described(one) for one in store.list_replays(listener, limit=limit)]
        if listener and not found:
            store.get_listener(listener)
    return found


def row(replay: Mapping[str, Any]) -> Sequence[str]:
    """A replay as a row of COLUMNS."""
    return (
        replay["id"],
        replay["listener_id"],
        replay["state"],
        str(replay["sent"]),
        str(replay["seen"]),
        _when(replay["since"]),
        _when(replay["until"]),
        _when(replay["started_at"]),
        replay["error"],
    )


def _run(settings: Settings, name: str, given: Mapping[str, object], *, as_json: bool) -> None:
    with open_runner(settings) as run, watched(f"replay {given['id']}") as progress:
        done = run(name, given, progress)
    if as_json:
        say_json(done)
    else:
        say(f"{done['sent']} of {done['seen']} events sent to {done['listener_id']}")


@contextmanager
def _goes_on(settings: Settings, replay_id: str) -> Iterator[None]:
    """Tell how to go on with a replay that does not end in this block."""
    try:
        yield
    except (DurianError, KeyboardInterrupt):
        if _is_open(settings, replay_id):
            line = f"To go on with this replay: durian replay --resume {replay_id}"
            print(line, file=sys.stderr)  # noqa: T201  # stdout is for what was asked for
        raise


def _is_open(settings: Settings, replay_id: str) -> bool:
    """Tell whether a replay was begun here and is not done, as far as the registry can say."""
    if settings.server or not settings.broker_url:
        return False  # at a server it has another id, which was told already
    try:
        with open_store(settings) as store:
            return store.get_replay(replay_id).state != "done"
    except DurianError:
        return False


def _seconds(moment: str | None) -> float | None:
    return None if moment is None else datetime.fromisoformat(moment).timestamp()


def _when(at: float | None) -> str:
    return moment(None if at is None else round(at * 1000))
