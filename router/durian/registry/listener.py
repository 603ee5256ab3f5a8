"""A listener: a URL that wants events."""

from __future__ import annotations

import re
import secrets
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from durian.registry.policy import Policy

#: Letters and digits that are not mistaken for one another.
_TAIL_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

#: An id is a routing key, part of queue names and of URLs: keep it short and plain.
ID_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"

#: What the registry stores of a filter: JSON text, read by durian.match.Filter.
FilterJSON = str


class Listener(BaseModel):
    """A URL that wants events: which ones, and how they are delivered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Readable and unique, such as `where-joe-k3f9qa`; see `new_listener_id`.
    id: Annotated[str, Field(pattern=ID_PATTERN)]
    #: Where events are POSTed to.
    url: str
    #: An event type, or an AMQP topic pattern of types (`person`, `order.*`, `#`).
    event: str
    #: The conditions an event must meet, in the JSON form of durian.match.Filter.
    filter: FilterJSON = "{}"
    #: A disabled listener is matched by no event; what is queued for it rests.
    enabled: bool = True
    policy: Policy = Policy()
    #: The kind of its delivery queue, fixed when it is created.
    queue_type: Literal["quorum", "classic"] = "quorum"
    #: For people.
    description: str = ""


def new_listener_id(url: str) -> str:
    """Make a readable id from a URL's host and path, with a random tail (31^6 of them)."""
    parts = urlsplit(url)
    words = re.findall(r"[a-z0-9]+", f"{parts.hostname or ''} {parts.path}".lower())
    stem = "-".join(words)[:40].strip("-") or "listener"
    tail = "".join(secrets.choice(_TAIL_ALPHABET) for _ in range(6))
    return f"{stem}-{tail}"
