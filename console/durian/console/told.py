"""What the REST API tells, read back into what Durian's own models hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from durian.registry import HookSpec
from durian.registry.attempt import Attempt
from durian.registry.audit import AuditEntry
from durian.registry.source import Source
from durian.registry.token import Token

#: Fields that the API tells as moments, and Durian's own models in milliseconds.
_MOMENTS = {"dead_at": "dead_at_ms", "at": "at_ms", "next_at": "next_at_ms"}

Told = Mapping[str, Any]


def in_ms(told: Told) -> dict[str, Any]:
    """The same, with its moments in milliseconds since the epoch."""
    return {
        _MOMENTS.get(name, name): _ms(value) if name in _MOMENTS else value
        for name, value in told.items()
    }


def seconds_of(moment: str) -> float:
    """Read a moment, in seconds since the epoch."""
    return datetime.fromisoformat(moment).timestamp()


def moment_of(ms: int) -> str:
    """Write a moment, in milliseconds since the epoch, as the API takes it."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


def hook_of(told: Told) -> HookSpec:
    """Read a hook."""
    return HookSpec(**_known(HookSpec, told))


def token_of(told: Told) -> Token:
    """Read a token, which is told without what makes it work."""
    facts = _known(Token, told) | {"scopes": frozenset(told["scopes"])}
    for name in ("created_at", "expires_at", "last_used_at"):
        facts[name] = None if told[name] is None else seconds_of(told[name])
    return Token(**facts)


def source_of(told: Told) -> Source:
    """Read a source."""
    return Source(**_known(Source, told) | {"created_at": seconds_of(told["created_at"])})


def entry_of(told: Told) -> AuditEntry:
    """Read a change."""
    return AuditEntry(**_known(AuditEntry, told) | {"at": seconds_of(told["at"])})


def attempt_of(told: Told) -> Attempt:
    """Read an attempt."""
    return Attempt(**_known(Attempt, in_ms(told)))


def _known(model: type[Any], told: Told) -> dict[str, Any]:
    """The fields that this version knows; a newer server tells more."""
    names = {field.name for field in fields(model)}
    return {name: value for name, value in told.items() if name in names}


def _ms(moment: str | None) -> int | None:
    return None if moment is None else round(seconds_of(moment) * 1000)
