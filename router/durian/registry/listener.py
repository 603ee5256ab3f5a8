"""A listener: a URL that wants events."""

from __future__ import annotations

import re
import secrets
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
)

from durian.errors import InvalidListener
from durian.errors.fault import first_fault
from durian.match import Filter, check_event_pattern
from durian.registry.certificates import check_certificates
from durian.registry.owner import check_owner
from durian.registry.policy import Policy
from durian.registry.url import parse_url

#: Letters and digits that are not mistaken for one another.
_TAIL_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

#: An id is a routing key, part of queue names and of URLs: keep it short and plain.
ID_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"

#: Characters of a filter's JSON text.
MAX_FILTER_LENGTH = 65_536

#: What the registry stores of a filter: JSON text, read by durian.match.Filter.
FilterJSON = str


def _check_id(value: str) -> str:
    if not re.fullmatch(ID_PATTERN, value):
        reason = "must be lower-case letters, digits and inner hyphens, at most 64 characters"
        raise ValueError(reason)
    return value


def _check_url(value: str) -> str:
    """Check a URL's shape only: whether it may be dialled is decided when it is dialled."""
    try:
        parse_url(value)
    except InvalidListener as exc:
        raise ValueError(exc.reason) from exc
    return value


def _check_filter(value: str) -> str:
    Filter.parse(value)
    return value


def _check_text(value: str) -> str:
    # PostgreSQL cannot store it.
    if "\x00" in value:
        reason = "must not contain NUL characters"
        raise ValueError(reason)
    return value


def _check_tls(policy: Policy, info: ValidationInfo) -> Policy:
    """Check what is said of TLS: here and not in Policy, which is read from the registry too.

    What TLS takes for a certificate may change with its library, and a listener that is stored
    already must not stop a process.
    """
    given = {"ca_pem": policy.ca_pem, "cert_pem": policy.cert_pem}
    for name, text in given.items():
        if text is None:
            continue
        if not str(info.data.get("url", "")).lower().startswith("https://"):
            reason = f"{name} needs a URL that begins with https://"
            raise ValueError(reason)
        try:
            check_certificates(text)
        except ValueError as exc:
            reason = f"{name} {exc}"
            raise ValueError(reason) from exc
    return policy


class Listener(BaseModel):
    """A URL that wants events: which ones, and how they are delivered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Readable and unique, such as `where-joe-k3f9qa`; see `new_listener_id`.
    id: Annotated[str, AfterValidator(_check_id)]
    #: Where events are POSTed to.
    url: Annotated[str, AfterValidator(_check_url)]
    #: An event type, or an AMQP topic pattern of types (`person`, `order.*`, `#`).
    event: Annotated[str, AfterValidator(check_event_pattern)]
    #: The conditions an event must meet, in the JSON form of durian.match.Filter.
    filter: Annotated[
        FilterJSON,
        Field(max_length=MAX_FILTER_LENGTH),
        AfterValidator(_check_text),
        AfterValidator(_check_filter),
    ] = "{}"
    #: A disabled listener is matched by no event; what is queued for it rests.
    enabled: bool = True
    #: A paused listener is matched, and what is queued for it rests until it is resumed.
    paused: bool = False
    policy: Annotated[Policy, AfterValidator(_check_tls)] = Policy()
    #: The kind of its delivery queue, fixed when it is created.
    queue_type: Literal["quorum", "classic"] = "quorum"
    #: For people.
    description: Annotated[str, Field(max_length=2000), AfterValidator(_check_text)] = ""
    #: Whose it is: a token that is bound to an owner sees no others' listeners. None: the
    #: deployment's.
    owner: Annotated[str, AfterValidator(check_owner)] | None = None

    @property
    def rests(self) -> bool:
        """Whether what is queued for it stays in its queue."""
        return self.paused or not self.enabled

    @classmethod
    def create(cls, **fields: Any) -> Self:
        """Make a listener from fields of any origin; an id is made when none is given.

        Raises:
            InvalidListener: names the first field that cannot be used, and why.
            InvalidFilter: names the condition of its filter that cannot be used, and why.
        """
        if fields.get("id") is None:
            fields["id"] = new_listener_id(str(fields.get("url", "")))
        try:
            return cls.model_validate(fields)
        except ValidationError as exc:
            field, reason = first_fault(exc, "listener", _KNOWN)
            raise InvalidListener(field, reason, hint=_HINTS.get(field, "")) from exc

    def replace(self, **fields: Any) -> Self:
        """Return this listener with some fields changed, checked as in `create`.

        A `policy` given as a mapping changes only the policy fields it names.

        Raises:
            InvalidListener: names the first field that cannot be used, and why.
            InvalidFilter: names the condition of its filter that cannot be used, and why.
        """
        policy = fields.get("policy")
        if isinstance(policy, dict):
            fields["policy"] = self.policy.model_dump() | policy
        return self.create(**(self.model_dump() | fields))


#: The names of fields, by what holds them.
_KNOWN = {"": tuple(Listener.model_fields), "policy": tuple(Policy.model_fields)}

#: What to write instead, by field.
_HINTS = {
    "url": "Write it as https://host/path, or https://host:8443/path.",
    "policy.schedule_s": "Write seconds as a JSON array: [0,5,60].",
    "policy.no_retry_statuses": "Write statuses as a JSON array: [400,404].",
    "policy.headers": 'Write them as a JSON object: {"X-Api-Key": "..."}.',
}


def new_listener_id(url: str) -> str:
    """Make a readable id from a URL's host and path, with a random tail."""
    words = re.findall(r"[a-z0-9]+", _readable(url).lower())
    stem = "-".join(words)[:40].strip("-") or "listener"
    return f"{stem}-{readable_tail()}"


def readable_tail() -> str:
    """Make the random end of an id that people read and type (31^6 of them)."""
    return "".join(secrets.choice(_TAIL_ALPHABET) for _ in range(6))


def _readable(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.hostname or ''} {parts.path}"
