"""Gathering what is known of an event and its listeners, from archive, registry and queues."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from durian.broker import blocking
from durian.broker.port import QueueState
from durian.console.explain.facts import Facts, Subject
from durian.console.explain.wanting import Wanting, wanting
from durian.console.listeners import pages
from durian.console.operations.operation import Context, Progress
from durian.consumers.archive import Archive
from durian.consumers.dead_letters import DeadLetters
from durian.consumers.delivery import webhook_id_of
from durian.consumers.orphans import Orphans
from durian.consumers.search import Span, search, span_of
from durian.consumers.set_aside import PLACES, SetAside, SetAsides
from durian.errors import InvalidInput, ListenerUnknown, NotFound, QueueMissing
from durian.events import Event
from durian.registry import Listener
from durian.registry.attempt import Attempt

#: Attempts of an event that are looked at: the last ones.
ATTEMPTS_MOST = 1000

#: Listeners that are asked for one part of what there is to say of them: some ten milliseconds.
#: Each part looks for the event anew.
ASKED_MOST = 1000

#: Listeners that are told of although they do not want the event, when nobody wants it.
NEAR_MOST = 20

#: Dead letters that are looked through for one: the oldest ones. They are all in memory meanwhile.
LOOK_MOST = 500


def find_subject(
    context: Context,
    event_id: str,
    since: float | None,
    progress: Progress,
    *,
    meant: Callable[[Event], bool] | None = None,
) -> Subject:
    """Find the event: in the archive, in the attempt log, or set aside. Raises NotFound.

    In the archive it is looked for from `since` on (seconds since the epoch), else around the time
    inside its id, around its first attempt, or a day back. Of several with this id, which sources
    may have, it is the first that is `meant`; else one that the attempt log knows, if any.
    """
    begun = time.time()
    known = context.store.attempts_of(event_id=event_id, limit=ATTEMPTS_MOST)
    first = known[0].at_ms / 1000 if known else None
    now = context.broker.clock.now()
    span = span_of(event_id, now=now, known_at=first) if since is None else Span(since=since)
    archive = Archive(context.broker, context.names)
    # An owner's attempts are of events they may see; others of that id they may not.
    sources = {one.event_source for one in known}
    chosen = meant or (lambda event: not sources or event.source in sources)
    event = search(
        archive,
        lambda event: event.id == event_id and chosen(event),
        span,
        stop=context.stop,
        progress=progress,
    )
    aside = None if known else _find_aside(context, event_id)
    if event is None and aside is not None:
        event = _event_in(aside, event_id)
    if event is not None:
        return Subject(
            id=event.id,
            type=event.type,
            source=event.source,
            event=event,
            aside=aside,
            since=since,
            # One that was published without a time has been given that of its reading.
            timed=not begun <= event.time.timestamp() <= time.time(),
        )
    if known:
        last = known[-1]
        return Subject(id=event_id, type=last.event_type, source=last.event_source, event=None)
    if aside is not None:
        kind = aside.message.type or aside.message.routing_key
        return Subject(id=event_id, type=kind, source="", event=None, aside=aside)
    place = "in the archive around its time" if since is None else "in the archive since then"
    message = f"No event {event_id} is {place}, in the attempt log, or among what was set aside."
    raise NotFound(message, resource="event", hint=_NOT_FOUND.format(exchange=context.names.events))


def _find_aside(context: Context, event_id: str) -> SetAside | None:
    """Look for an event among what was set aside, the oldest of each place."""
    for place in PLACES:
        found = SetAsides(context.broker, context.names, place).browse(LOOK_MOST)
        if (one := next((one for one in found if one.is_called(event_id)), None)) is not None:
            return one
    return None


def _event_in(aside: SetAside, event_id: str) -> Event | None:
    """The event that is asked for, if it can be read."""
    try:
        events = aside.events()
    except InvalidInput:
        return None
    return next((event for event in events if event.id == event_id), next(iter(events), None))


#: What can be so when an event is nowhere.
_NOT_FOUND = (
    "Look further back with --since 7d. If it is not there either, it was published under another "
    "id (of a plain message, its message_id), to another exchange than {exchange}, or to another "
    "broker or virtual host; or its publish was never confirmed."
)

#: What is gone through in parts, one after the other; with the last id of a part.
_TRIED, _OTHERS = "tried", "others"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Some listeners that an event concerns, and how many others were asked."""

    facts: Sequence[Facts]
    #: Those that it does not concern, by the reason.
    others: Mapping[str, int] = field(default_factory=dict)
    #: Where to go on; None when these were the last.
    next: str | None = None


class Gatherer:
    """Gathers facts of one event at listeners."""

    def __init__(self, context: Context, subject: Subject) -> None:
        self._context = context
        self._subject = subject
        # The same for all listeners: looked up once.
        route = self._state(context.names.route)
        self._unrouted = route.ready if route else 0
        self._routed = route is not None and route.consumers > 0
        self._unrecorded = self._count(context.names.attempts) or 0
        orphans = Orphans(context.broker, context.names)
        self._orphans = orphans.count()  # while browsing none is ready
        self._orphaned = {one.webhook_id for one in orphans.browse(LOOK_MOST)}
        self._breakers = {one.listener_id: one for one in context.store.open_breakers()}

    def one(self, listener_id: str) -> Facts:
        """All that is known of one listener, its dead letters looked through.

        Raises ListenerUnknown when it is not there, and nothing of this event was ever for it.
        """
        context = self._context
        webhook_id = self._webhook_id(listener_id)
        attempts = context.store.attempts_of(webhook_id, limit=ATTEMPTS_MOST)
        try:
            listener = context.store.get_listener(listener_id)
            facts = self._facts(listener, self._wanting(listener), attempts)
        except ListenerUnknown:
            facts = self._traces(listener_id, attempts)
        letters = DeadLetters(context.broker, context.names)
        dead = letters.count(listener_id)  # while browsing none is ready
        browsed = letters.browse(listener_id, LOOK_MOST)
        letter = next((one for one in browsed if one.webhook_id == webhook_id), None)
        known = facts.listener or attempts or letter or facts.is_orphan
        if not known:
            raise ListenerUnknown(listener_id)
        return replace(facts, letter=letter, dead=dead, looked=len(browsed))

    def all(self, progress: Progress, *, everyone: bool) -> Gathered:
        """The listeners that want it or were tried, and how many others there are, by reason.

        With `everyone` the others are among the first. So are those whose event pattern means it,
        if they are few and there are no others to tell of: why not, is what was asked then.
        """
        tried = self._tried()
        found: list[Facts] = []
        others: Counter[str] = Counter()
        near: list[Listener] = []
        total = self._context.store.count_listeners()
        for done, listener in enumerate(pages(self._context.store, None), 1):
            progress(done, total)
            if self._context.stop.is_set():
                break
            attempts = tried.pop(listener.id, ())
            reason = self._ask(listener, attempts, found, others, everyone=everyone)
            if reason not in ("", "type") and len(near) <= NEAR_MOST:
                near.append(listener)
        found += [self._traces(name, attempts) for name, attempts in tried.items()]
        return self._gathered(found, others, near)

    def _gathered(
        self, found: Sequence[Facts], others: Mapping[str, int], near: Sequence[Listener]
    ) -> Gathered:
        """What came of asking all: of those that are `near`, when nobody wants it."""
        if found or self._subject.aside is not None or len(near) > NEAR_MOST:
            return Gathered(facts=found, others=others)
        missed = [self._facts(one, self._wanting(one), ()) for one in near]
        by_type = {name: count for name, count in others.items() if name == "type"}
        return Gathered(facts=missed, others=by_type)

    def some(self, after: str | None, limit: int, *, everyone: bool) -> Gathered:
        """The same in parts of `limit` at most: at first where it was tried, then all others by id.

        A part may hold fewer, or none, for it asks no more than ASKED_MOST listeners. When the
        first is the last it tells what `all` does.
        """
        tried = self._tried()
        phase, _, last = (after or _TRIED).partition(" ")
        if phase not in (_TRIED, _OTHERS):
            raise InvalidInput("cursor", "is none", hint="Take the `next` of the part before.")
        found: list[Facts] = []
        if phase == _TRIED:
            names = sorted(name for name in tried if name > last)
            found += [self._tried_at(name, tried[name]) for name in names[:limit]]
            if len(names) > limit:
                return Gathered(facts=found, next=f"{_TRIED} {names[limit - 1]}")
            last = ""
        # Together with the last of those, where there is room: whoever is tried in between two
        # parts would be in neither.
        return self._some_others(
            last, limit, tried, found, everyone=everyone, is_first=after is None
        )

    def _some_others(
        self,
        last: str,
        limit: int,
        tried: Collection[str],
        found: list[Facts],
        *,
        everyone: bool,
        is_first: bool,
    ) -> Gathered:
        others: Counter[str] = Counter()
        near: list[Listener] = []
        page = self._context.store.list_listeners(after=last, limit=ASKED_MOST)
        for listener in page:
            if len(found) == limit:
                return Gathered(facts=found, others=others, next=f"{_OTHERS} {last}")
            if listener.id not in tried:
                reason = self._ask(listener, (), found, others, everyone=everyone)
                near += [listener] if reason not in ("", "type") else []
            last = listener.id
        goes_on = f"{_OTHERS} {last}" if len(page) == ASKED_MOST else None
        if is_first and goes_on is None:
            return self._gathered(found, others, near)
        return Gathered(facts=found, others=others, next=goes_on)

    def _ask(
        self,
        listener: Listener,
        attempts: Sequence[Attempt],
        found: list[Facts],
        others: Counter[str],
        *,
        everyone: bool,
    ) -> str:
        """Put a listener where it belongs: to those that an event concerns, or to the others.

        Returns the reason why it is one of the others, or nothing.
        """
        wants = self._wanting(listener)
        reason = _reason(listener, wants)
        if reason and not everyone and not attempts:
            others[reason] += 1
            return reason
        found.append(self._facts(listener, wants, attempts))
        return ""

    def _tried_at(self, listener_id: str, attempts: Sequence[Attempt]) -> Facts:
        try:
            listener = self._context.store.get_listener(listener_id)
        except ListenerUnknown:
            return self._traces(listener_id, attempts)
        return self._facts(listener, self._wanting(listener), attempts)

    def _wanting(self, listener: Listener) -> Wanting:
        return wanting(listener, self._subject.type, self._subject.event)

    def _webhook_id(self, listener_id: str) -> str:
        return webhook_id_of(self._subject.source, self._subject.id, listener_id)

    def _tried(self) -> dict[str, Sequence[Attempt]]:
        """The attempts of the event, by listener."""
        found = self._context.store.attempts_of(event_id=self._subject.id, limit=ATTEMPTS_MOST)
        tried: dict[str, list[Attempt]] = {}
        for attempt in found:
            if attempt.event_source == self._subject.source:
                tried.setdefault(attempt.listener_id, []).append(attempt)
        return dict(tried)

    def _facts(self, listener: Listener, wants: Wanting, attempts: Sequence[Attempt]) -> Facts:
        facts = self._traces(listener.id, attempts)
        facts = replace(facts, listener=listener, wanting=wants)
        if wants.holds is False and not attempts and not facts.is_orphan:
            return facts  # what lies in its queue is another event
        entry = self._context.store.listener_entry(listener.id)
        queue = self._state(self._context.names.listener_queue(listener.id))
        return replace(
            facts,
            added_at=entry.created_at,
            changed_at=entry.updated_at,
            breaker=self._breakers.get(listener.id),
            head=self._context.store.get_head(listener.id) if listener.policy.ordered else None,
            ready=queue.ready if queue else None,
            consumed=queue is not None and queue.consumers > 0,
        )

    def _traces(self, listener_id: str, attempts: Sequence[Attempt]) -> Facts:
        """What a delivery has left behind, whether its listener is there or not."""
        webhook_id = self._webhook_id(listener_id)
        return Facts(
            now=self._context.broker.clock.now(),
            subject=self._subject,
            listener_id=listener_id,
            webhook_id=webhook_id,
            attempts=attempts,
            dead=self._count(self._context.names.dead_queue(listener_id)) or 0 if attempts else 0,
            unrouted=self._unrouted,
            routed=self._routed,
            unrecorded=self._unrecorded,
            orphans=self._orphans,
            is_orphan=webhook_id in self._orphaned,
        )

    def _count(self, queue: str) -> int | None:
        """How many messages are ready in a queue; None when there is none."""
        state = self._state(queue)
        return None if state is None else state.ready

    def _state(self, queue: str) -> QueueState | None:
        try:
            return blocking.inspect(self._context.broker, queue)
        except QueueMissing:
            return None


def _reason(listener: Listener, wants: Wanting) -> str:
    """Why a listener is one of the others; empty when it is not."""
    if not wants.by_type:
        return "type"
    if wants.by_filter is False:
        return "filter"
    return "" if listener.enabled else "disabled"
