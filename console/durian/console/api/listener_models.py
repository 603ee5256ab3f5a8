"""What the API takes and tells of listeners."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from durian.broker.topology import QueueType
from durian.console.api import paging
from durian.console.api.moment import Seconds
from durian.console.api.partial import absent, partial
from durian.console.listeners import State, state_of, warnings_of
from durian.console.setting_values import Network
from durian.registry import OpenBreaker, Policy
from durian.registry.client_key import MAX_KEY_LENGTH
from durian.registry.entry import ListenerEntry
from durian.registry.listener import ID_PATTERN
from durian.registry.owner import MAX_OWNER_LENGTH

#: Stands for a value that may be a credential, where the token may not change it either.
HIDDEN = "***"

_Url = Annotated[str, Field(min_length=1, max_length=8192)]
_Event = Annotated[str, Field(min_length=1, max_length=255)]
_Description = Annotated[str, Field(max_length=2000)]
_Owner = Annotated[str, Field(min_length=1, max_length=MAX_OWNER_LENGTH)]
_Pem = Annotated[str, Field(min_length=1, max_length=MAX_KEY_LENGTH)]

_WHAT = {
    "url": "Where events are POSTed to.",
    "event": "An event type, or a topic pattern of types: `person`, `order.*`, `#`.",
    "filter": "The conditions an event must meet; none: it wants every event of its pattern.",
    "enabled": "A disabled listener is matched by nothing; what is queued for it rests.",
    "paused": "A paused listener is matched; what is queued for it rests until it is resumed.",
    "description": "For people.",
    "owner": "Whose it is; null: the deployment's. Only a token without an owner chooses it.",
    "key_pem": "Key of the client certificate in `policy.cert_pem`; never shown.",
}

PolicyPatch = partial(Policy, "PolicyPatch")


class NewListener(BaseModel):
    """A listener to be added."""

    model_config = ConfigDict(extra="forbid")

    url: _Url = Field(description=_WHAT["url"], examples=["https://shop.example/webhooks"])
    event: _Event = Field(description=_WHAT["event"], examples=["order.*"])
    filter: dict[str, Any] = Field(
        default_factory=dict, description=_WHAT["filter"], examples=[{"total": {"gte": 100}}]
    )
    id: Annotated[str, Field(pattern=ID_PATTERN)] | None = Field(
        None, description="An id of your choice; null: one is made. Not for a token with an owner."
    )
    enabled: bool = Field(True, description=_WHAT["enabled"])
    paused: bool = Field(False, description=_WHAT["paused"])
    policy: Policy = Field(default_factory=Policy)
    queue_type: QueueType | None = Field(
        None, description="Kind of its delivery queue; null: as the deployment has it."
    )
    description: _Description = Field("", description=_WHAT["description"])
    owner: _Owner | None = Field(None, description=_WHAT["owner"])
    secret: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="A signing secret of your own (`whsec_...`); null: one is made."
    )
    key_pem: _Pem | None = Field(None, description=_WHAT["key_pem"])


class ListenerPatch(BaseModel):
    """What is to be changed of a listener; of its policy, the fields that are named."""

    model_config = ConfigDict(extra="forbid")

    url: _Url = absent(_WHAT["url"])
    event: _Event = absent(_WHAT["event"])
    filter: dict[str, Any] = absent(_WHAT["filter"])
    enabled: bool = absent(_WHAT["enabled"])
    paused: bool = absent(_WHAT["paused"])
    policy: PolicyPatch = absent()  # type: ignore[valid-type]  # it is a model, made of another
    description: _Description = absent(_WHAT["description"])
    owner: _Owner | None = absent(_WHAT["owner"])
    key_pem: _Pem = absent(_WHAT["key_pem"])


class Breaker(BaseModel):
    """The breaker of a listener that fails: no attempts are made but probes."""

    failing_since: Seconds
    failures: int = Field(description="Failed attempts since then.")
    probes: int = Field(description="Probes that failed.")
    next_probe_at: Seconds


class Listener(BaseModel):
    """A URL that wants events."""

    id: str
    url: str = Field(description=_WHAT["url"])
    event: str = Field(description=_WHAT["event"])
    filter: dict[str, Any] = Field(description=_WHAT["filter"])
    enabled: bool = Field(description=_WHAT["enabled"])
    paused: bool = Field(description=_WHAT["paused"])
    state: State = Field(
        description="In a word; `failing` means that its breaker is open, `unreadable` that a "
        "newer version wrote its policy: the default one is told instead."
    )
    policy: Policy = Field(
        description=f"Values of its headers are `{HIDDEN}` for a token without the scope `manage`."
    )
    queue_type: QueueType
    description: str = Field(description=_WHAT["description"])
    owner: str | None = Field(description=_WHAT["owner"])
    created_at: Seconds
    updated_at: Seconds
    breaker: Breaker | None = Field(description="Null while it is closed.")
    warnings: list[str] = Field(
        description="What is in the way of its deliveries, as far as its URL tells: sentences."
    )


class CreatedListener(Listener):
    """A listener that was just added."""

    secret: str = Field(description="What its deliveries are signed with, shown this once.")


class ListenerPage(paging.Page):
    """Some listeners, by id."""

    items: list[Listener]


def describe(
    entry: ListenerEntry,
    breaker: OpenBreaker | None,
    *,
    hide_headers: bool,
    allowed: Iterable[Network],
) -> dict[str, Any]:
    """Tell of a listener, as `Listener` has it."""
    listener = entry.listener
    policy = listener.policy
    if hide_headers and policy.headers:
        policy = policy.model_copy(update={"headers": dict.fromkeys(policy.headers, HIDDEN)})
    facts = {name: getattr(listener, name) for name in type(listener).model_fields}
    return facts | {
        "filter": json.loads(listener.filter),
        "policy": policy,
        "state": state_of(listener, breaker, readable=entry.readable),
        "warnings": warnings_of(listener.url, allowed),
        "created_at": entry.created_at,
        "updated_at": entry.updated_at,
        "breaker": None
        if breaker is None
        else Breaker.model_validate(breaker, from_attributes=True),
    }
