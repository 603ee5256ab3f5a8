"""`/v1/sources`: other systems whose webhooks come in and become events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from durian.console import sources
from durian.console.api import paging
from durian.console.api.access import Manager, Reader
from durian.console.api.moment import Seconds
from durian.console.listeners import MOST_OVERLAP_S
from durian.registry.listener import ID_PATTERN
from durian.registry.source import MOST_EVENT, MOST_SECRET, Scheme

router = APIRouter(prefix="/sources", tags=["sources"])

#: Seconds for which an old secret goes on verifying unless told otherwise: a day to change senders.
OVERLAP_S = 24 * 3600.0

Id = Annotated[str, Path(alias="source_id", pattern=ID_PATTERN, description="The source's id.")]

_Secret = Annotated[str, Field(min_length=1, max_length=MOST_SECRET)]


class NewSource(BaseModel):
    """A source to be added."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=ID_PATTERN)] = Field(description="Part of its URL.")
    scheme: Scheme = Field(description="How it signs; `standard`: by Standard Webhooks.")
    event: Annotated[str, Field(min_length=1, max_length=MOST_EVENT)] | None = Field(
        None, description="First words of its events' types; null: its id."
    )
    description: Annotated[str, Field(max_length=2000)] = Field("", description="For people.")
    secret: _Secret | None = Field(
        None, description="What its webhooks are signed with; null: one is made."
    )


class Source(BaseModel):
    """Where webhooks come in, without its secrets."""

    id: str
    scheme: Scheme
    event: str = Field(description="First words of its events' types.")
    path: str = Field(description="Of the URL to which its webhooks are to be sent.")
    description: str
    created_at: Seconds


class CreatedSource(Source):
    """A source that was just added."""

    secret: str | None = Field(description="That was made for it, shown this once.")


class SourceRotation(BaseModel):
    """How a source's secret is to be replaced."""

    model_config = ConfigDict(extra="forbid")

    overlap_s: Annotated[float, Field(ge=0, le=MOST_OVERLAP_S)] = Field(
        OVERLAP_S, description="Seconds for which the old secrets go on verifying."
    )
    secret: _Secret | None = Field(None, description="Of your own; null: one is made.")


class RotatedSourceSecret(BaseModel):
    """What came of it."""

    secret: str | None = Field(description="That was made, shown this once.")


class SourcePage(paging.Page):
    """Some sources, by id."""

    items: list[Source]


@router.get("")
def list_sources(
    caller: Reader, limit: paging.Limit = paging.USUAL, cursor: paging.Cursor = None
) -> SourcePage:
    """List the sources by id."""
    found = caller.store.list_sources(paging.decode(cursor), limit=limit + 1)
    items, following = paging.cut(found, limit, lambda source: source.id)
    described = [Source.model_validate(sources.described(source)) for source in items]
    return SourcePage(items=described, next=following)


@router.post("", status_code=201)
def create_source(
    caller: Manager, new: NewSource, request: Request, response: Response
) -> CreatedSource:
    """Add a source; a secret that is made for it is shown this once."""
    source = sources.new_source(new.id, new.scheme, new.event, new.description)
    secret = sources.secret_of(new.scheme, new.secret)
    caller.store.add_source(source, secret)
    response.headers["Location"] = str(request.url_for("get_source", source_id=source.id).path)
    shown = None if new.secret else secret.value
    return CreatedSource.model_validate({**sources.described(source), "secret": shown})


@router.get("/{source_id}")
def get_source(caller: Reader, source_id: Id) -> Source:
    """Get one source."""
    return Source.model_validate(sources.described(caller.store.get_source(source_id)))


@router.delete("/{source_id}", status_code=204)
def remove_source(caller: Manager, source_id: Id) -> None:
    """Remove a source; its webhooks are refused from then on."""
    caller.store.remove_source(source_id)


@router.post("/{source_id}/rotate-secret")
def rotate_source_secret(
    caller: Manager,
    source_id: Id,
    rotation: Annotated[SourceRotation, Body(default_factory=SourceRotation)],
) -> RotatedSourceSecret:
    """Give a source a new secret; the old ones go on verifying for a while."""
    scheme = caller.store.get_source(source_id).scheme
    secret = sources.secret_of(scheme, rotation.secret)
    caller.store.rotate_source_secret(source_id, secret, rotation.overlap_s)
    return RotatedSourceSecret(secret=None if rotation.secret else secret.value)
