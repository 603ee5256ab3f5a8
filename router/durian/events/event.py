"""Event: something that happened, as CloudEvents 1.0 describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime
from typing import Any

from durian.errors import InvalidEvent
from durian.events import attributes as rules
from durian.events import content
from durian.events.canonical import canonical, rfc3339
from durian.events.caps import CAPS, Caps
from durian.events.ids import new_id

#: Where events come from, unless their producer says.
DEFAULT_SOURCE = "/durian"

#: Fields that hold something even when CloudEvents lets their attribute be absent.
_NEVER_NONE = frozenset({"datacontenttype"})

_set = object.__setattr__


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. Two events are the same one if `source` and `id` are.

    Only `type` is needed. Give `data`, or `body` when its bytes are at hand already; each is made
    from the other. `data` reads as a receiver reads it: models have become dicts, dates strings.
    Raises InvalidEvent when an attribute or data cannot be used.
    """

    #: What happened, such as `com.example.order.paid`; also the routing key.
    type: str
    #: Unique within `source`; sorts by the time it was made.
    id: str = field(default_factory=new_id)
    #: The context in which it happened: a URI reference.
    source: str = DEFAULT_SOURCE
    #: What it happened to, within `source`.
    subject: str | None = None
    #: When it happened; in UTC.
    time: datetime = field(default_factory=_now)
    #: The media type of `data`.
    datacontenttype: str = content.JSON
    #: The schema that `data` follows: an absolute URI.
    dataschema: str | None = None
    specversion: str = rules.SPECVERSION
    #: Further attributes: names of lower-case letters and digits, canonical strings.
    extensions: Mapping[str, str] = field(default_factory=dict)
    #: A JSON value; str or bytes for other media types; None when there is no data.
    data: Any = None
    #: The exact bytes of `data`, as published: never written anew. Empty when there is no data.
    body: bytes = b""
    #: All attributes by name, as canonical strings, as received where it was received.
    attributes: Mapping[str, str] = field(init=False, repr=False, compare=False)
    caps: InitVar[Caps] = CAPS

    def __post_init__(self, caps: Caps) -> None:
        """Check and complete what was given."""
        attributes = self._canonical()
        time = rules.check(attributes, caps)
        body, data = self._content(caps)
        _set(self, "time", time)
        _set(self, "extensions", _extensions(attributes))
        _set(self, "data", data)
        _set(self, "body", body)
        _set(self, "attributes", attributes)

    def __hash__(self) -> int:
        return hash((self.source, self.id))

    @classmethod
    def from_attributes(
        cls, attributes: dict[str, str], body: bytes, *, caps: Caps = CAPS
    ) -> Event:
        """Make the event that a codec has read: canonical strings by name, and the data's bytes.

        What is missing is completed: `time` by now, `datacontenttype` by a look at the bytes.
        Raises InvalidEvent. The event keeps `attributes`: hand over a dict of your own.
        """
        time = rules.check(attributes, caps)
        if time is None:
            time = _now()
            attributes["time"] = rfc3339(time)
        datacontenttype, data = content.read(body, attributes.get("datacontenttype"), caps)
        attributes["datacontenttype"] = datacontenttype
        # Everything is checked by now: __init__ would do it a second time.
        event = object.__new__(cls)
        _set(event, "type", attributes["type"])
        _set(event, "id", attributes["id"])
        _set(event, "source", attributes["source"])
        _set(event, "subject", attributes.get("subject"))
        _set(event, "time", time)
        _set(event, "datacontenttype", datacontenttype)
        _set(event, "dataschema", attributes.get("dataschema"))
        _set(event, "specversion", rules.SPECVERSION)
        _set(event, "extensions", _extensions(attributes))
        _set(event, "data", data)
        _set(event, "body", body)
        _set(event, "attributes", attributes)
        return event

    def _canonical(self) -> dict[str, str]:
        """All attributes as canonical strings."""
        given: dict[str, object] = {
            "specversion": self.specversion,
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "time": _aware(self.time),
            "datacontenttype": self.datacontenttype,
            "subject": self.subject,
            "dataschema": self.dataschema,
        }
        attributes: dict[str, str] = {}
        for name, value in given.items():
            if isinstance(value, str):
                attributes[name] = value
            elif value is not None or name in _NEVER_NONE:
                reason = f"is of type {type(value).__name__}"
                raise InvalidEvent(name, reason, hint="Pass a str.")
        for name, extension in self.extensions.items():
            if name in rules.DEFINED:
                hint = "Pass it as an argument of its own."
                raise InvalidEvent(name, "is not an extension", hint=hint)
            attributes[name] = canonical(name, extension)
        return attributes

    def _content(self, caps: Caps) -> tuple[bytes, Any]:
        """The bytes of data and their value."""
        if not self.body:
            return content.write(self.data, self.datacontenttype, caps)
        body = content.as_bytes(self.body)
        data = content.read(body, self.datacontenttype, caps)[1]
        if self.data is not None and self.data != data:
            hint = "Give one of them; the other is made from it."
            raise InvalidEvent("data", "is not what body holds", hint=hint)
        return body, data


def _aware(moment: object) -> str:
    """A given time as its canonical string."""
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        hint = "Pass an aware datetime, such as datetime.now(UTC), or leave it out."
        raise InvalidEvent("time", "is not a datetime with its zone", hint=hint)
    return rfc3339(moment)


def _extensions(attributes: Mapping[str, str]) -> dict[str, str]:
    """The attributes that CloudEvents does not define."""
    return {name: value for name, value in attributes.items() if name not in rules.DEFINED}
