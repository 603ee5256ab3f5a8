"""Operations at a server: each is a request of its REST API, and answers as it does here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from durian.client import Client, JobFailed, Progress
from durian.client.client import listener_path
from durian.console.deployment import whereabouts
from durian.console.explain import NEAR_MOST
from durian.console.operations import failure
from durian.console.server import open_client
from durian.console.settings import Settings
from durian.console.told import in_ms, moment_of
from durian.errors import DurianError, ListenerUnknown, NotAllowed, NotFound

Given = Mapping[str, Any]


def run(settings: Settings, name: str, given: Given, progress: Progress) -> Any:
    """Run an operation and follow its progress. Raises DurianError."""
    with open_client(settings) as client:
        if name in _LOOKS:
            return _LOOKS[name](client, given)
        path, body = _begun(name, given)
        with _stopping(client, client.begin(path, body)) as job:
            return client.follow(job, progress)


def run_nearby(settings: Settings, name: str, given: Given, progress: Progress) -> Any:
    """The same at the `durian up` of this machine, which may not have the registry here."""
    try:
        return run(settings, name, given, progress)
    except NotFound as error:
        listener_id = given.get("listener")
        # An event may be what is not there.
        if not listener_id or error.resource != "listener":
            raise
        raise ListenerUnknown(
            listener_id, hint=whereabouts(settings, listener_id) or error.advice
        ) from None


def _begun(name: str, given: Given) -> tuple[str, dict[str, Any]]:
    """What is asked for to begin a job: where, and how."""
    group, _, verb = name.partition(".")
    body = {key: _sent(value) for key, value in given.items() if value is not None}
    if group == "dead":
        return listener_path(body.pop("listener"), "dead-letters", verb), body
    if group == "orphans":
        return f"/v1/orphans/{verb}", body
    if group == "aside":
        return f"/v1/set-aside/{body.pop('place')}/{verb}", body
    if verb == "resume":
        return f"/v1/replays/{body['id']}/resume", {}
    for field in ("since", "until"):
        if f"{field}_ms" in body:
            body[field] = moment_of(body.pop(f"{field}_ms"))
    # The server makes an id for it.
    body.pop("id", None)
    rest = ("replays",) if verb == "begin" else ("replays", verb)
    return listener_path(body.pop("listener"), *rest), body


@contextmanager
def _stopping(client: Client, job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Stop a job that nobody waits for any more; of a replay, tell how to go on with it."""
    try:
        yield job
    except JobFailed as error:
        _tell_rest(job)
        raise (failure.from_json(error.failure) if error.failure else error) from None
    except KeyboardInterrupt:
        client.stop_job(job["id"])
        _tell_rest(job)
        raise
    except DurianError:
        _tell_rest(job)
        raise


def _tell_rest(job: Mapping[str, Any]) -> None:
    replay_id = job["arguments"].get("id")
    if replay_id and job["kind"].startswith("replay."):
        line = f"To go on with this replay: durian replay --resume {replay_id}"
        print(line, file=sys.stderr)  # noqa: T201  # stdout is for what was asked for


def _count_dead(client: Client, _given: Given) -> Any:
    found: dict[str, int] = {}
    page: Any = {"next": ""}
    while (cursor := page["next"]) is not None:
        page = client.call("GET", "/v1/dead-letters", cursor=cursor or None)
        found |= page["listeners"]
    return found


def _browse_dead(client: Client, given: Given) -> Any:
    path = listener_path(given["listener"], "dead-letters")
    return [in_ms(one) for one in client.call("GET", path, limit=given["limit"])["items"]]


def _count_orphans(client: Client, _given: Given) -> Any:
    told = client.call("GET", "/v1/orphans", limit=1)
    return {name: value for name, value in told.items() if name != "items"}


def _browse_orphans(client: Client, given: Given) -> Any:
    return client.call("GET", "/v1/orphans", **given)["items"]


def _count_asides(client: Client, _given: Given) -> Any:
    places = {"orphans": "orphans"} | {one: f"set-aside/{one}" for one in ("invalid", "unrouted")}
    try:
        return {
            name: client.call("GET", f"/v1/{path}", limit=1)["total"]
            for name, path in places.items()
        }
    except NotAllowed:  # they are the deployment's, and no owner's
        return {}


def _browse_asides(client: Client, given: Given) -> Any:
    told = client.call("GET", f"/v1/set-aside/{given['place']}", limit=given["limit"])
    return [in_ms(one) for one in told["items"]]


def _find_aside(client: Client, given: Given) -> Any:
    return in_ms(client.call("GET", f"/v1/set-aside/{given['place']}/messages/{given['id']}"))


def _explain(client: Client, given: Given) -> Any:
    since_ms = given.get("since_ms")
    asked = {
        "listener": given.get("listener"),
        "since": None if since_ms is None else moment_of(since_ms),
        "everyone": given.get("everyone", False),
    }
    found = client.explain(given["event"], **asked)
    near = sum(count for reason, count in found["others"].items() if reason != "type")
    if not found["listeners"] and not found["event"]["because"] and 0 < near <= NEAR_MOST:
        # Of so few it is told why they do not want it; the server knows only when one part is all.
        everyone = client.explain(given["event"], **asked | {"everyone": True})
        found["listeners"] = [one for one in everyone["listeners"] if one["by_type"]]
        found["others"] = {why: n for why, n in found["others"].items() if why == "type"}
    for one in found["listeners"]:
        one["attempts"] = [in_ms(attempt) for attempt in one["attempts"]]
    # Here what there is nothing to say of is left out; all of it was asked for, so none is next.
    event = {name: value for name, value in found["event"].items() if value is not None}
    return {"event": event, "listeners": found["listeners"], "others": found["others"]}


#: What is only looked at; all other operations are jobs.
_LOOKS: Mapping[str, Callable[[Client, Given], Any]] = {
    "dead.count": _count_dead,
    "dead.browse": _browse_dead,
    "orphans.count": _count_orphans,
    "orphans.browse": _browse_orphans,
    "aside.count": _count_asides,
    "aside.browse": _browse_asides,
    "aside.find": _find_aside,
    "explain": _explain,
}


def _sent(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value
