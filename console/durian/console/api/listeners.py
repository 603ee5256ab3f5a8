"""`/v1/listeners`: the URLs that want events."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from durian.console.api import etag, paging
from durian.console.api.access import Caller, Manager, Reader
from durian.console.api.listener_models import (
    CreatedListener,
    Listener,
    ListenerPage,
    ListenerPatch,
    NewListener,
    describe,
)
from durian.console.api.partial import given
from durian.console.listeners import MOST_OVERLAP_S
from durian.control import Provision
from durian.errors import InvalidListener
from durian.match import Filter, check_event_pattern
from durian.registry import Listener as RegistryListener
from durian.registry import ListenerSecret
from durian.registry.entry import ListenerEntry
from durian.registry.listener import ID_PATTERN
from durian.registry.owner import MAX_OWNER_LENGTH
from durian.registry.secret import SecretKind

router = APIRouter(prefix="/listeners", tags=["listeners"])

#: Seconds for which an old secret goes on signing unless told otherwise: a day to change receivers.
OVERLAP_S = 24 * 3600.0

Id = Annotated[str, Path(alias="listener_id", pattern=ID_PATTERN, description="The listener's id.")]


class Rotation(BaseModel):
    """How a secret is to be replaced."""

    model_config = ConfigDict(extra="forbid")

    overlap_s: Annotated[float, Field(ge=0, le=MOST_OVERLAP_S)] = Field(
        OVERLAP_S, description="Seconds for which the old secrets go on signing."
    )
    secret: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="A secret of your own (`whsec_...`); null: one is made."
    )
    kind: SecretKind = Field("hmac", description="What is made: a symmetric secret, or a key pair.")


class RotatedSecret(BaseModel):
    """A secret that was just made."""

    secret: str = Field(description="What deliveries are signed with from now on, shown this once.")


@router.get("")
def list_listeners(  # each is a parameter of the request
    *,
    caller: Reader,
    event: Annotated[
        str | None, Query(max_length=255, description="Only those with exactly this pattern.")
    ] = None,
    enabled: bool | None = None,
    owner: Annotated[
        str | None,
        Query(max_length=MAX_OWNER_LENGTH, pattern="^[^\\x00]*$", description="Only this owner's."),
    ] = None,
    search: Annotated[
        str | None,
        Query(
            max_length=200,
            pattern="^[^\\x00]*$",
            description="Only those in whose id, URL or description this text stands.",
        ),
    ] = None,
    limit: paging.Limit = paging.USUAL,
    cursor: paging.Cursor = None,
) -> ListenerPage:
    """List the listeners by id."""
    found = caller.store.list_entries(
        event=event,
        enabled=enabled,
        owner=owner,
        search=search,
        after=paging.decode(cursor),
        limit=limit + 1,
    )
    entries, following = paging.cut(found, limit, lambda entry: entry.listener.id)
    return ListenerPage(items=described(caller, entries), next=following)


@router.post("", status_code=201)
def create_listener(
    caller: Manager, new: NewListener, request: Request, response: Response
) -> CreatedListener:
    """Add a listener; its signing secret is shown this once."""
    created = add(caller, new, response)
    response.headers["Location"] = str(request.url_for("get_listener", listener_id=created.id).path)
    return created


@router.get("/{listener_id}")
def get_listener(caller: Reader, listener_id: Id, response: Response) -> Listener:
    """Get one listener."""
    return _tell(caller, listener_id, response)


@router.patch("/{listener_id}")
def update_listener(
    caller: Manager,
    listener_id: Id,
    patch: ListenerPatch,
    response: Response,
    if_match: etag.IfMatch = None,
) -> Listener:
    """Change a listener: what is left out stays as it is."""
    entry = caller.store.listener_entry(listener_id)
    version = etag.version_in(if_match)
    changed = entry.listener.replace(**_changes(caller, patch, entry.listener))
    check_event_pattern(changed.event)
    # Without a tag of the caller's, at least nothing is lost that came since it was read here.
    _provision(caller).update(
        changed,
        patch.key_pem if "key_pem" in patch.model_fields_set else None,
        if_version=entry.version if version is None else version,
    )
    return _tell(caller, listener_id, response)


@router.delete("/{listener_id}", status_code=204)
def remove_listener(caller: Manager, listener_id: Id, if_match: etag.IfMatch = None) -> None:
    """Remove a listener with what is queued for it; its dead letters stay."""
    _provision(caller).remove(listener_id, if_version=etag.version_in(if_match))


@router.post("/{listener_id}/pause")
def pause_listener(caller: Manager, listener_id: Id, response: Response) -> Listener:
    """Pause a listener: what it wants is queued for it, and rests there until it is resumed."""
    _provision(caller).set_paused(listener_id, paused=True)
    return _tell(caller, listener_id, response)


@router.post("/{listener_id}/resume")
def resume_listener(caller: Manager, listener_id: Id, response: Response) -> Listener:
    """Resume a listener: what rests in its queue is delivered."""
    _provision(caller).set_paused(listener_id, paused=False)
    return _tell(caller, listener_id, response)


@router.post("/{listener_id}/rotate-secret")
def rotate_secret(
    caller: Manager,
    listener_id: Id,
    rotation: Annotated[Rotation, Body(default_factory=Rotation)],
) -> RotatedSecret:
    """Give a listener a new secret; the old ones go on signing for a while."""
    secret = _secret(rotation.secret, rotation.kind)
    _provision(caller).rotate_secret(listener_id, secret, rotation.overlap_s)
    return RotatedSecret(secret=secret.value)


def add(caller: Caller, new: NewListener, response: Response | None = None) -> CreatedListener:
    """Add a listener for a caller. Raises InvalidListener or InvalidFilter."""
    listener = _new(caller, new)
    secret = _secret(new.secret, "hmac")
    _provision(caller).add(listener, secret, new.key_pem)
    [told] = described(caller, [caller.store.listener_entry(listener.id)], response)
    return CreatedListener(**dict(told), secret=secret.value)


def _new(caller: Caller, new: NewListener) -> RegistryListener:
    """Make what is to be added. Raises InvalidListener or InvalidFilter."""
    if caller.owner is not None and new.id is not None:
        # Whether an id is taken would tell of other owners' listeners.
        raise InvalidListener("id", "is made for you: this token is bound to an owner")
    if caller.owner is not None and new.owner not in (None, caller.owner):
        raise InvalidListener("owner", f"must be {caller.owner}, or left out")
    fields = new.model_dump(exclude={"secret", "key_pem", "policy"})
    return RegistryListener.create(
        **fields
        | {
            "policy": new.policy,
            "filter": Filter.parse(new.filter).to_json(),
            "queue_type": new.queue_type or caller.services.queue_type,
            "owner": new.owner or caller.owner,
        }
    )


def _changes(caller: Caller, patch: ListenerPatch, listener: RegistryListener) -> dict[str, Any]:
    """What is to be changed. Raises InvalidListener or InvalidFilter."""
    changes = {name: getattr(patch, name) for name in patch.model_fields_set - {"key_pem"}}
    if "filter" in changes:
        changes["filter"] = Filter.parse(changes["filter"]).to_json()
    if "policy" in changes:
        changes["policy"] = given(changes["policy"], listener.policy)
    if caller.owner is not None and changes.get("owner", caller.owner) != caller.owner:
        raise InvalidListener("owner", f"must be {caller.owner}, or left out")
    return changes


def _secret(text: str | None, kind: SecretKind) -> ListenerSecret:
    now = time.time()
    if text is None:
        return ListenerSecret.new(now=now, kind=kind)
    return ListenerSecret(value=text, created_at=now)


def _provision(caller: Caller) -> Provision:
    services = caller.services
    return Provision(caller.store, services.broker, services.names)


def _tell(caller: Caller, listener_id: str, response: Response) -> Listener:
    [told] = described(caller, [caller.store.listener_entry(listener_id)], response)
    return told


def described(
    caller: Caller, entries: Sequence[ListenerEntry], response: Response | None = None
) -> list[Listener]:
    """Tell of listeners; of a single one with its entity tag."""
    ids = [entry.listener.id for entry in entries]
    breakers = {one.listener_id: one for one in caller.store.open_breakers(ids)}
    if response is not None:
        response.headers[etag.HEADER] = etag.tag(entries[0].version)
    hide = "manage" not in caller.token.allowed
    allowed = caller.services.settings.allowed_networks
    found = (
        describe(entry, breakers.get(entry.listener.id), hide_headers=hide, allowed=allowed)
        for entry in entries
    )
    return [Listener.model_validate(one) for one in found]
