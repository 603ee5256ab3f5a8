"""Where commands work on hooks, sources, tokens and logs: in the registry here, or at a server."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from durian.client import Client
from durian.client.transport import escaped
from durian.console import audit, deliveries, hooks, portal, sources, tokens, told
from durian.console.desk import open_desk
from durian.console.settings import Settings
from durian.console.tokens import Limits
from durian.errors import NotFound
from durian.registry import HookSpec
from durian.registry.attempt import Attempt
from durian.registry.attempt_query import Wanted
from durian.registry.audit import AuditEntry
from durian.registry.source import Source
from durian.registry.store import Store
from durian.registry.token import Token

Scopes = Collection[str]


class RegistryDesk(Protocol):
    """What commands ask of a registry, wherever it is. Its methods raise DurianError."""

    def hooks(self) -> Iterator[HookSpec]:
        """Yield all hooks by name."""

    def hook(self, name: str) -> HookSpec:
        """Get one. Raises NotFound."""

    def put_hook(self, hook: HookSpec) -> None:
        """Add a hook, or replace the one of that name."""

    def remove_hook(self, name: str) -> None:
        """Remove one. Raises NotFound."""

    def sources(self) -> Iterator[Source]:
        """Yield all sources by id."""

    def add_source(self, source: Source, secret: str | None) -> tuple[Source, str | None]:
        """Add a source; returns it with the secret that was made for it, if none was given."""

    def rotate_source(self, source_id: str, secret: str | None, overlap_s: float) -> str | None:
        """Give one another secret; returns the one that was made, if none was given."""

    def remove_source(self, source_id: str) -> None:
        """Remove one. Raises NotFound."""

    def tokens(self) -> Iterator[Token]:
        """Yield all API tokens by id."""

    def create_token(self, name: str, scopes: Scopes, limits: Limits) -> tuple[Token, str]:
        """Create a token; returns it with its text, which is told this once."""

    def revoke_token(self, token_id: str) -> None:
        """Revoke one. Raises NotFound."""

    def portal_link(
        self, owner: str, scopes: Scopes | None, expires_in_s: float
    ) -> tuple[str, float]:
        """Make a link to an owner's portal; returns its URL, and when it ends (epoch seconds)."""

    def audit(self, target: str | None, limit: int) -> Iterator[AuditEntry]:
        """Yield the newest changes, of one target or all."""

    def attempts(self, asked: Wanted, *, limit: int, latest: bool) -> Iterator[Attempt]:
        """Yield the newest attempts that fit; `latest`: each delivery's latest."""

    def attempts_of(
        self, webhook_id: str | None = None, *, event_id: str | None = None, listener: str | None
    ) -> Sequence[Attempt]:
        """Return the last attempts of a delivery or an event, in order; none is no error."""

    def check_listener(self, listener_id: str) -> None:
        """Raise NotFound when there is no such listener."""


def open_registry_desk(settings: Settings) -> AbstractContextManager[RegistryDesk]:
    """Open the server that is set, or the registry here."""
    return open_desk(settings, _Here, _There)


class _Here:
    """In the registry."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    def hooks(self) -> Iterator[HookSpec]:
        return hooks.pages(self._store)

    def hook(self, name: str) -> HookSpec:
        return self._store.get_hook(name)

    def put_hook(self, hook: HookSpec) -> None:
        self._store.put_hook(hook)

    def remove_hook(self, name: str) -> None:
        self._store.remove_hook(name)

    def sources(self) -> Iterator[Source]:
        return sources.pages(self._store)

    def add_source(self, source: Source, secret: str | None) -> tuple[Source, str | None]:
        made = sources.secret_of(source.scheme, secret)
        self._store.add_source(source, made)
        return source, made.value if secret is None else None

    def rotate_source(self, source_id: str, secret: str | None, overlap_s: float) -> str | None:
        made = sources.secret_of(self._store.get_source(source_id).scheme, secret)
        self._store.rotate_source_secret(source_id, made, overlap_s)
        return made.value if secret is None else None

    def remove_source(self, source_id: str) -> None:
        self._store.remove_source(source_id)

    def tokens(self) -> Iterator[Token]:
        return tokens.pages(self._store)

    def create_token(self, name: str, scopes: Scopes, limits: Limits) -> tuple[Token, str]:
        token, text = tokens.new_token(name, scopes, limits)
        self._store.add_token(token, text)
        return token, text

    def revoke_token(self, token_id: str) -> None:
        self._store.revoke_token(token_id)

    def portal_link(
        self, owner: str, scopes: Scopes | None, expires_in_s: float
    ) -> tuple[str, float]:
        link = portal.new_link(owner, scopes, expires_in_s)
        return portal.address(self._settings, self._store.seal_link(link)), link.expires_at

    def audit(self, target: str | None, limit: int) -> Iterator[AuditEntry]:
        return audit.pages(self._store, target, limit)

    def attempts(self, asked: Wanted, *, limit: int, latest: bool) -> Iterator[Attempt]:
        return deliveries.pages(self._store, asked, limit=limit, latest=latest)

    def attempts_of(
        self, webhook_id: str | None = None, *, event_id: str | None = None, listener: str | None
    ) -> Sequence[Attempt]:
        return self._store.attempts_of(
            webhook_id, event_id=event_id, listener=listener, limit=deliveries.SHOWN
        )

    def check_listener(self, listener_id: str) -> None:
        self._store.get_listener(listener_id)


class _There:
    """At a server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def hooks(self) -> Iterator[HookSpec]:
        return map(told.hook_of, self._client.pages("/v1/hooks"))

    def hook(self, name: str) -> HookSpec:
        return told.hook_of(self._client.call("GET", _hook_path(name)))

    def put_hook(self, hook: HookSpec) -> None:
        body = {name: value for name, value in hooks.described(hook).items() if name != "name"}
        self._client.call("PUT", _hook_path(hook.name), body)

    def remove_hook(self, name: str) -> None:
        self._client.call("DELETE", _hook_path(name))

    def sources(self) -> Iterator[Source]:
        return map(told.source_of, self._client.pages("/v1/sources"))

    def add_source(self, source: Source, secret: str | None) -> tuple[Source, str | None]:
        asked = {
            "id": source.id,
            "scheme": source.scheme,
            "event": source.event,
            "description": source.description,
            "secret": secret,
        }
        made = self._client.call("POST", "/v1/sources", asked)
        return told.source_of(made), made["secret"]

    def rotate_source(self, source_id: str, secret: str | None, overlap_s: float) -> str | None:
        asked = {"overlap_s": overlap_s, "secret": secret}
        path = f"/v1/sources/{escaped(source_id)}/rotate-secret"
        made: str | None = self._client.call("POST", path, asked)["secret"]
        return made

    def remove_source(self, source_id: str) -> None:
        self._client.call("DELETE", f"/v1/sources/{escaped(source_id)}")

    def tokens(self) -> Iterator[Token]:
        return map(told.token_of, self._client.pages("/v1/tokens"))

    def create_token(self, name: str, scopes: Scopes, limits: Limits) -> tuple[Token, str]:
        asked = {"name": name, "scopes": list(scopes), **limits}
        made = self._client.call("POST", "/v1/tokens", asked)
        return told.token_of(made), made["token"]

    def revoke_token(self, token_id: str) -> None:
        self._client.call("DELETE", f"/v1/tokens/{escaped(token_id)}")

    def portal_link(
        self, owner: str, scopes: Scopes | None, expires_in_s: float
    ) -> tuple[str, float]:
        asked: dict[str, Any] = {"owner": owner, "expires_in_s": expires_in_s}
        asked |= {"scopes": list(scopes)} if scopes else {}
        made = self._client.call("POST", "/v1/portal-links", asked)
        return made["url"], told.seconds_of(made["expires_at"])

    def audit(self, target: str | None, limit: int) -> Iterator[AuditEntry]:
        return map(told.entry_of, self._client.pages("/v1/audit", most=limit, target=target))

    def attempts(self, asked: Wanted, *, limit: int, latest: bool) -> Iterator[Attempt]:
        path = "/v1/deliveries" if latest else "/v1/attempts"
        return map(told.attempt_of, self._client.pages(path, most=limit, **_query(asked)))

    def attempts_of(
        self, webhook_id: str | None = None, *, event_id: str | None = None, listener: str | None
    ) -> Sequence[Attempt]:
        if webhook_id is None:
            asked = Wanted(event_id=event_id, listener=listener)
            return [*self.attempts(asked, limit=deliveries.SHOWN, latest=False)][::-1]
        try:
            delivery = self._client.call("GET", f"/v1/deliveries/{escaped(webhook_id)}")
        except NotFound:
            return []
        found = map(told.attempt_of, delivery["attempts"])
        return [one for one in found if listener in (None, one.listener_id)]

    def check_listener(self, listener_id: str) -> None:
        self._client.listener(listener_id)


def _hook_path(name: str) -> str:
    return f"/v1/hooks/{escaped(name)}"


def _query(asked: Wanted) -> Mapping[str, Any]:
    """What is wanted, as the API's parameters are called."""
    given: dict[str, Any] = dict(asked)
    for name in ("since", "until"):
        ms = given.pop(f"{name}_ms", None)
        given[name] = None if ms is None else told.moment_of(ms)
    return given | {"event": given.pop("event_id", None), "batch": given.pop("batch_id", None)}
