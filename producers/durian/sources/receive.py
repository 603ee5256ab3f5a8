"""From a request of another system to its events: one, but for a batch of CloudEvents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from durian.errors import InvalidEvent
from durian.events import CAPS, Event, http
from durian.events.content import JSON
from durian.events.jsonvalue import parse
from durian.events.media import format_of, kind_of
from durian.registry.source import Source
from durian.sources.schemes import SCHEMES

_AS_JSON = "Choose application/json as the content type of the webhook."


def receive(
    source: Source, secrets: Sequence[str], headers: Mapping[str, str], body: bytes, *, now: float
) -> tuple[Event, ...]:
    """Verify a request to a source, and make its event, or those of a batch of CloudEvents.

    The event's data is the body, byte for byte. Its id is the sender's id of the delivery, so what
    is sent again is the same event. CloudEvents that are signed by Standard Webhooks stay what they
    are, but for their type, which begins with the source's words like that of all its events.

    Args:
        source: Where the request came in.
        secrets: The source's secrets; during a rotation the old and the new one.
        headers: The request's headers.
        body: Its body as received.
        now: The time, in seconds since the epoch.

    Raises:
        SignatureError: it was not signed by one of the secrets, or not just now.
        InvalidEvent: it was, but no event can be made of it.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    claim_in = SCHEMES[source.scheme](lowered, body, secrets, now)
    content_type = lowered.get("content-type") or JSON
    if source.scheme == "standard" and _is_cloudevent(lowered, content_type):
        return tuple(_prefixed(source, event) for event in http.decode(headers, body))
    if kind_of(content_type) != "json":
        raise InvalidEvent("content-type", f"is {content_type}", hint=_AS_JSON)
    claim = claim_in(parse(body, field="body", depth=CAPS.depth))
    event = Event(
        type=f"{source.event}.{claim.type}" if claim.type else source.event,
        id=claim.id,
        source=source.uri,
        datacontenttype=content_type,
        body=body,
    )
    return (event,)


def _is_cloudevent(lowered: Mapping[str, str], content_type: str) -> bool:
    return "ce-specversion" in lowered or format_of(content_type) is not None


def _prefixed(source: Source, event: Event) -> Event:
    attributes = {**event.attributes, "type": f"{source.event}.{event.type}"}
    return Event.from_attributes(attributes, event.body)
