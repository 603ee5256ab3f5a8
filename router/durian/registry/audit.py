"""The audit log: who changed what, and when. It is only ever added to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from durian.registry.hook_spec import HookSpec
from durian.registry.listener import Listener
from durian.registry.source import Source
from durian.registry.token import Token
from durian.registry.user import User

#: Stands for what the log must not tell.
HIDDEN = "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One change."""

    #: Later ones have greater numbers.
    id: int
    #: In seconds since the epoch.
    at: float
    #: Who did it: `token k3f9qaxy`, `user ann`, `durian`.
    actor: str
    #: What was done: `listener.update`.
    action: str
    #: To what: `listener joe`.
    target: str
    #: The owner of what was changed.
    owner: str | None = None
    #: What differed, as it was before; None when there was nothing.
    before: Mapping[str, Any] | None = None
    #: The same after it; None when there is nothing any more.
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Some entries, the newest first."""

    entries: Sequence[AuditEntry]
    #: What to ask after for the next page; None when this is the last.
    next: int | None = None


def of_listener(listener: Listener) -> dict[str, Any]:
    """What the log tells of a listener: headers may hold credentials, so only their names."""
    facts = listener.model_dump(mode="json")
    policy = facts["policy"]
    policy["headers"] = dict.fromkeys(policy["headers"], HIDDEN)
    return facts


def of_hook(spec: HookSpec) -> dict[str, Any]:
    """What the log tells of a hook."""
    return {"schema": spec.schema, "description": spec.description, "example": spec.example}


def of_token(token: Token) -> dict[str, Any]:
    """What the log tells of a token."""
    return {
        "name": token.name,
        "scopes": sorted(token.scopes),
        "owner": token.owner,
        "rate_per_s": token.rate_per_s,
        "expires_at": token.expires_at,
    }


def of_user(user: User) -> dict[str, Any]:
    """What the log tells of a user."""
    return {"scopes": sorted(user.scopes), "owner": user.owner}


def of_source(source: Source) -> dict[str, Any]:
    """What the log tells of a source."""
    return {"scheme": source.scheme, "event": source.event, "description": source.description}


def difference(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields that differ, as they were and as they are; within fields as well."""
    was: dict[str, Any] = {}
    now: dict[str, Any] = {}
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            old, new = difference(old, new)
        was[name], now[name] = old, new
    return was, now
