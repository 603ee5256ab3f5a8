"""Listeners as the command line reads and shows them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from durian.console.exits import complain
from durian.console.moments import moment, read_duration
from durian.console.output import say, say_json
from durian.errors import InvalidFilter, InvalidInput, InvalidListener
from durian.match import Filter, check_event_pattern
from durian.registry import Listener, ListenerSecret, OpenBreaker, Policy
from durian.registry.client_key import MAX_KEY_LENGTH
from durian.registry.policy import MAX_PEM_LENGTH

if TYPE_CHECKING:
    from durian.console.setting_values import Network
    from durian.console.settings import Settings
    from durian.registry.entry import ListenerEntry
    from durian.registry.store import Store

#: How it is. `failing`: its breaker is open; `unreadable`: a newer version wrote its policy.
State = Literal["enabled", "failing", "paused", "disabled", "unreadable"]

#: Seconds for which an old secret may go on signing: whoever needs longer forgets to change it.
MOST_OVERLAP_S = 30 * 24 * 3600

#: Listeners read at once.
_PAGE = 1000


def filter_of(text: str | None, conditions: Sequence[str]) -> str:
    """Read a filter given as JSON or as short conditions, such as `name=startswith:J`.

    Raises InvalidFilter.
    """
    if text is not None and conditions:
        raise InvalidListener("--filter", "cannot be combined with --match")
    if text is not None:
        return _of_json(text).to_json()
    return Filter(*map(_of_short, conditions)).to_json()


def _of_json(text: str) -> Filter:
    try:
        return Filter.parse(text)
    except InvalidFilter as exc:
        if exc.field != "filter" or exc.advice:
            raise
        hint = """Write it as '{"name": {"startswith": "J"}}', or as --match name=startswith:J."""
        raise InvalidFilter("--filter", exc.reason, hint=hint) from exc


def _of_short(text: str) -> Filter:
    try:
        return Filter.parse_short(text)
    except InvalidFilter as exc:
        if not text.lstrip().startswith("{"):
            raise
        hint = "Conditions as JSON are given by --filter."
        raise InvalidFilter("--match", f"{text!r} is not a condition", hint=hint) from exc


def policy_of(
    choices: Sequence[str] | None,
    *,
    ordered: bool = False,
    rate_per_s: float | None = None,
    batch_events: int | None = None,
) -> dict[str, object]:
    """Read choices of the delivery policy, such as `timeout_s=5` or `schedule_s=[0,5,60]`.

    Who wants batches gets whole CloudEvents, as there are no others. Raises InvalidListener.
    """
    policy: dict[str, object] = {"ordered": True} if ordered else {}
    if rate_per_s is not None:
        policy["rate_per_s"] = rate_per_s
    if batch_events is not None:
        policy["batch_events"] = batch_events
        if batch_events > 1:
            policy["payload"] = "cloudevent"
    for choice in choices or ():
        name, equals, value = choice.partition("=")
        if not equals:
            raise InvalidListener("--policy", f"{choice!r} is not NAME=VALUE")
        try:
            policy[name] = json.loads(value)
        except ValueError:
            policy[name] = value  # plain words need no quotes
    return policy


def tls_of(
    ca_file: Path | None, cert_file: Path | None, *, clear: bool = False
) -> dict[str, object]:
    """Read what a listener needs of TLS into fields of its policy; `clear` empties the others.

    Raises InvalidListener.
    """
    given = {
        "ca_pem": _pem("--ca-file", ca_file, MAX_PEM_LENGTH),
        "cert_pem": _pem("--cert-file", cert_file, MAX_PEM_LENGTH),
    }
    return {name: text for name, text in given.items() if clear or text is not None}


def key_of(key_file: Path | None) -> str | None:
    """Read the key of a client certificate. Raises InvalidListener."""
    return _pem("--key-file", key_file, MAX_KEY_LENGTH)


def _pem(option: str, path: Path | None, most: int) -> str | None:
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as exc:
        raise InvalidListener(option, f"{path} cannot be read: {exc.strerror or exc}") from exc
    if len(content) > most:
        raise InvalidListener(option, f"{path} has more than {most} bytes")
    # What is no ASCII is no PEM, and is refused as such.
    return content.decode("ascii", "replace")


def refuse_nothing(policy: Mapping[str, object], key_pem: str | None) -> None:
    """Raise InvalidListener when nothing of TLS is to be changed."""
    if not policy and key_pem is None:
        reason = "is needed, or --cert-file with --key-file, or --clear"
        raise InvalidListener("--ca-file", reason)


def given(**fields: Any) -> dict[str, Any]:
    """The fields that were typed, to be changed. Raises InvalidListener when there is none."""
    found = {name: value for name, value in fields.items() if value not in (None, {})}
    if not found:
        reason = "is needed, or --event, --match, --description, --policy and the like"
        raise InvalidListener("--url", reason)
    return found


def overlap_of(text: str) -> float:
    """Read how long old secrets go on signing, in seconds. Raises InvalidInput."""
    overlap_s = read_duration("--overlap", text)
    if overlap_s > MOST_OVERLAP_S:
        raise InvalidInput("--overlap", "must be at most 30d")
    return overlap_s


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


def warn(told: Mapping[str, Any]) -> None:
    """Say on stderr what is in the way of a listener's deliveries, as it was told."""
    for warning in told.get("warnings", ()):  # an older server tells of none
        complain(warning, of="warning")


def changed(listener: Listener, fields: Mapping[str, Any]) -> Listener:
    """A listener with some fields changed. Raises InvalidListener or InvalidFilter."""
    policy = fields.get("policy") or {}
    # As at a server, null stands for a default.
    empty = [name for name, value in policy.items() if value is None]
    defaults = {name: value for name, value in Policy().model_dump().items() if name in empty}
    new = listener.replace(**{**fields, "policy": {**policy, **defaults}})
    check_event_pattern(new.event)
    return new


def tell_secret(told: Mapping[str, Any], *, as_json: bool) -> None:
    """Print a listener's id and its new signing secret."""
    if as_json:
        say_json({name: told[name] for name in ("id", "secret")})
    else:
        say("id      ", told["id"])
        say("secret  ", told["secret"])


def tell_rotated(told: Mapping[str, Any], overlap_s: float, *, as_json: bool) -> None:
    """Print a listener's new signing secret, and how long the old ones go on signing."""
    tell_secret(told, as_json=as_json)
    if as_json:
        return
    if overlap_s:
        until = moment(round((time.time() + overlap_s) * 1000))
        say(f"The old ones go on signing beside it, until {until} at most.")
        say("Did one leak? Rotate with --overlap 0s: then they sign nothing any more.")
    else:
        say("The old ones sign nothing any more.")


def tell_added(told: Mapping[str, Any], settings: Settings, *, as_json: bool) -> None:
    """Print what is to be known of a listener that was just added."""
    warn(told)
    tell_secret(told, as_json=as_json)
    if as_json:
        return
    say("wants   ", wants(told))
    if settings.server or settings.broker_url:
        when = "Routers know it within a second"
    else:  # nobody can be told: they find out when they look
        up = "A `durian up` on this registry knows it within a second"
        when = f"{up}, a `durian router` within {settings.poll_s:g} s"
    say(f"{when}; `durian listeners backfill {told['id']}` sends it what came before.")


def tell_updated(told: Mapping[str, Any], *, as_json: bool) -> None:
    """Print how a listener that was just changed was understood."""
    warn(told)
    if as_json:
        say_json({"id": told["id"]})
        return
    say("id      ", told["id"])
    say("wants   ", wants(told))


def wants(told: Mapping[str, Any]) -> str:
    """Which events a listener wants: its event pattern, and its filter in the short form."""
    conditions = _conditions(told["filter"])
    return f"{told['event']} where {conditions}" if conditions else str(told["event"])


def warnings_of(url: str, allowed: Iterable[Network]) -> list[str]:
    """What is in the way of deliveries to a URL, in plain sentences."""
    # Imported here: most commands on listeners need nothing of delivery.
    from durian.consumers.sender.foreseen import blocked  # noqa: PLC0415 - as above

    try:
        networks = ",".join(map(str, blocked(url, allowed)))
    except InvalidListener as error:  # it may be older than the rule
        return [f"Its URL {error.reason}: deliveries to it are blocked."]
    if not networks:
        return []
    blocking = (
        f"{urlsplit(url).hostname} is not public: deliveries to it are blocked, unless the process "
        f"that makes them has --allow-network {networks} (DURIAN_ALLOWED_NETWORKS)."
    )
    return [blocking]


def state_of(listener: Listener, breaker: OpenBreaker | None, *, readable: bool) -> State:
    """How a listener is, in a word."""
    if not readable:
        return "unreadable"
    if not listener.enabled:
        return "disabled"
    if listener.paused:
        return "paused"
    return "enabled" if breaker is None else "failing"


def described(
    listener: Listener, breaker: OpenBreaker | None = None, *, readable: bool = True
) -> dict[str, object]:
    """A listener as one JSON object, its filter unfolded; null for a breaker that is closed.

    Null for the policy when that is not readable.
    """
    facts = listener.model_dump(mode="json") | {"filter": json.loads(listener.filter)}
    if not readable:
        facts["policy"] = None
    return facts | {
        "state": state_of(listener, breaker, readable=readable),
        "breaker": None if breaker is None else _breaker(breaker),
    }


def _breaker(breaker: OpenBreaker) -> dict[str, object]:
    return {
        "failing_since": _failing_since(breaker),
        "failures": breaker.failures,
        "probes": breaker.probes,
        "next_probe_at": moment(round(breaker.next_probe_at * 1000)),
    }


def _failing_since(breaker: OpenBreaker) -> str:
    return moment(round(breaker.failing_since * 1000))


def open_breakers(store: Store) -> Mapping[str, OpenBreaker]:
    """The breakers that are open, by listener."""
    return {breaker.listener_id: breaker for breaker in store.open_breakers()}


def entries(
    store: Store, event: str | None = None, owner: str | None = None
) -> Iterator[ListenerEntry]:
    """All listeners by id as they are filed, read in pages."""
    after: str | None = None
    while page := store.list_entries(event=event, owner=owner, after=after, limit=_PAGE):
        yield from page
        after = page[-1].listener.id


def pages(store: Store, event: str | None = None) -> Iterator[Listener]:
    """All listeners by id, read in pages."""
    return (entry.listener for entry in entries(store, event))


def short_of(conditions: Filter) -> str:
    """A filter in its short form; empty when every event is wanted."""
    return "" if conditions == Filter() else conditions.to_short()


def row(told: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    """A listener as a row: id, event pattern, filter in its short form, URL, and its state."""
    return told["id"], told["event"], _conditions(told["filter"]), told["url"], _state(told)


def _conditions(conditions: Mapping[str, Any]) -> str:
    try:
        return short_of(Filter.parse(conditions))
    except InvalidFilter:  # a newer version's: it is shown as it is
        return json.dumps(conditions)


def _state(told: Mapping[str, Any]) -> str:
    match told["state"]:
        case "unreadable":
            return "unreadable: a newer version wrote its policy"
        case "failing":
            return f"failing since {told['breaker']['failing_since']}"
        case state:
            return str(state)


def pairs(described: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """The fields of a listener for people, its policy's and its breaker's among them."""
    for name, value in described.items():
        if name in ("policy", "breaker") and isinstance(value, Mapping):
            yield from ((f"{name}.{key}", json.dumps(one)) for key, one in value.items())
        else:
            yield name, value if isinstance(value, str) else json.dumps(value)
