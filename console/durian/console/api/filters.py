"""`/v1/filters`: whether a filter holds for an event, and filters that other systems stored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from durian.console.api.access import Reader
from durian.console.explain.wanting import decisive
from durian.console.recent import RecentEvent
from durian.errors import InvalidFilter, InvalidInput
from durian.events import Event, http
from durian.events.media import STRUCTURED
from durian.match import Filter, Verdict, check_event_pattern, dialects
from durian.match.event_pattern import means
from durian.match.values import MISSING

router = APIRouter(prefix="/filters", tags=["listeners"])

#: Events that a filter is tried on at most.
RECENT_MOST = 100


class _Filter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    pattern: Annotated[str, Field(min_length=1, max_length=255)] = Field(
        "#", description="The event types that are meant.", examples=["order.*"]
    )
    filter: dict[str, Any] = Field(
        default_factory=dict, description="The conditions.", examples=[{"total": {"gte": 100}}]
    )


class FilterTrial(_Filter):
    """A filter, and an event that it is to be tried on."""

    event: dict[str, Any] = Field(
        description="An event as JSON, as `application/cloudevents+json` has it.",
        examples=[
            {
                "specversion": "1.0",
                "id": "1",
                "source": "/shop",
                "type": "order.paid",
                "data": {"total": 250},
            }
        ],
    )


class FilterPreview(_Filter):
    """A filter that is to be tried on the events that came last."""

    limit: Annotated[int, Field(ge=1, le=RECENT_MOST)] = Field(
        RECENT_MOST, description="How many of them."
    )


class EventBridgePattern(BaseModel):
    """An event pattern of EventBridge."""

    model_config = ConfigDict(extra="forbid")

    pattern: dict[str, Any] = Field(
        description="The pattern.", examples=[{"detail": {"total": [{"numeric": [">", 100]}]}}]
    )
    envelope: bool = Field(
        True,
        description="Whether it speaks of an envelope, whose `detail` is the data; else it speaks "
        "of the data alone.",
    )


class Subscription(BaseModel):
    """The filters of a subscription of the CloudEvents Subscriptions API."""

    model_config = ConfigDict(extra="forbid")

    filters: list[dict[str, Any]] = Field(
        description="Its filters: all of them must hold.", examples=[[{"prefix": {"type": "a."}}]]
    )


class ImportedFilter(BaseModel):
    """A filter that means what another system's does."""

    filter: dict[str, Any] = Field(description="As a listener's `filter` has it.")
    short: str = Field(description="The same in the short form, for people and command lines.")


class Condition(BaseModel):
    """One condition, what it looked at and what came of it."""

    path: str = Field(description="Where it looked: `address.city`; empty: at all the data.")
    condition: str = Field(description='What it asked: `startswith "J"`, `all of`.')
    holds: bool
    found: Any = Field(None, description="The value that it found there.")
    is_missing: bool = Field(description="Whether there was nothing to be found.")
    parts: list[Condition]


class FilterVerdict(BaseModel):
    """What came of a filter on an event."""

    matches: bool = Field(description="Whether a listener with this filter would get the event.")
    by_type: bool = Field(description="Whether the pattern means the event's type.")
    by_filter: bool = Field(description="Whether the filter holds.")
    conditions: Condition
    lines: list[str] = Field(description="The same for people, a condition a line.")


class PreviewedEvent(BaseModel):
    """An event, and whether it would have been wanted."""

    id: str
    type: str
    source: str
    time: str
    offset: int = Field(description="Where it lies in the archive.")
    matches: bool
    why_not: list[str] = Field(description="The conditions that do not hold, with what they found.")


class FilterPreviewed(BaseModel):
    """What came of a filter on the events that came last, the newest first."""

    matched: int
    items: list[PreviewedEvent]


@router.post("/test")
def try_filter(_caller: Reader, trial: FilterTrial) -> FilterVerdict:
    """Try a filter on an event, and tell of each condition whether it holds."""
    wanted = _read(trial)
    [event] = _event_of(trial.event)
    by_type = means(trial.pattern, event.type)
    verdict = wanted.explain(event)
    return FilterVerdict(
        matches=by_type and verdict.holds,
        by_type=by_type,
        by_filter=verdict.holds,
        conditions=_condition(verdict),
        lines=list(verdict.lines()),
    )


@router.post("/from-eventbridge")
def from_eventbridge(_caller: Reader, stored: EventBridgePattern) -> ImportedFilter:
    """Turn an event pattern of EventBridge into a filter; nothing is added to the registry."""
    with _faults_in("pattern"):
        return _imported(dialects.from_eventbridge(stored.pattern, envelope=stored.envelope))


@router.post("/from-subscription")
def from_subscription(_caller: Reader, stored: Subscription) -> ImportedFilter:
    """Turn the filters of a CloudEvents subscription into one; nothing is added to the registry."""
    with _faults_in("filters"):
        return _imported(dialects.from_subscription(stored.filters))


@router.post("/preview")
def preview_filter(caller: Reader, preview: FilterPreview) -> FilterPreviewed:
    """Try a filter on the events of the archive that came last."""
    caller.refuse_owned("Events")
    wanted = _read(preview)
    found, _ = caller.services.recent.page(lambda _event: True, limit=preview.limit)
    items = [_previewed(one, preview.pattern, wanted) for one in found[: preview.limit]]
    return FilterPreviewed(matched=sum(one.matches for one in items), items=items)


@contextmanager
def _faults_in(field: str) -> Iterator[None]:
    """Name the field of the request, and within it the place, of what is no filter there."""
    try:
        yield
    except InvalidFilter as error:
        raise InvalidInput(field, f"{error.field}: {error.reason}", hint=error.advice) from error


def _imported(found: Filter) -> ImportedFilter:
    # What listeners take is what `parse` takes: other systems have other limits.
    found = Filter.parse(found.to_json())
    return ImportedFilter(filter=json.loads(found.to_json()), short=found.to_short())


def _read(given: _Filter) -> Filter:
    check_event_pattern(given.pattern)
    return Filter.parse(given.filter)


def _event_of(document: Mapping[str, Any]) -> Sequence[Event]:
    return http.decode({"content-type": STRUCTURED}, json.dumps(document).encode())


def _condition(verdict: Verdict) -> Condition:
    is_missing = verdict.value is MISSING
    return Condition(
        path=verdict.path,
        condition=verdict.condition,
        holds=verdict.holds,
        found=None if is_missing else verdict.value,
        is_missing=is_missing,
        parts=[_condition(part) for part in verdict.parts],
    )


def _previewed(one: RecentEvent, pattern: str, wanted: Filter) -> PreviewedEvent:
    event = one.event
    verdict = wanted.explain(event)
    why_not = [] if means(pattern, event.type) else [f"its type is {event.type}"]
    if not verdict.holds:
        why_not += decisive(verdict)
    return PreviewedEvent(
        id=event.id,
        type=event.type,
        source=event.source,
        time=event.attributes["time"],
        offset=one.offset,
        matches=not why_not,
        why_not=why_not,
    )
