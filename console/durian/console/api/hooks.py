"""`/v1/hooks`: the definitions of event types."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from durian.console.api import etag, paging
from durian.console.api.access import Manager, Reader
from durian.registry import HookSpec
from durian.registry.entry import HookEntry
from durian.registry.hook_spec import MAX_NAME_BYTES

router = APIRouter(prefix="/hooks", tags=["hooks"])

Name = Annotated[
    str,
    Path(
        min_length=1,
        max_length=MAX_NAME_BYTES,
        description="The event type.",
        examples=["order.paid"],
    ),
]


class HookDefinition(BaseModel):
    """What a hook promises of its events."""

    model_config = ConfigDict(extra="forbid")

    description: Annotated[str, Field(max_length=2000)] = Field("", description="For people.")
    data_schema: dict[str, Any] | None = Field(
        None, alias="schema", description="JSON Schema of the data; null: any data will do."
    )
    example: Any = Field(None, description="Data of such an event.")


class Hook(HookDefinition):
    """The definition of one event type."""

    name: str = Field(description="The event type.")


class HookPage(paging.Page):
    """Some hooks, by name."""

    items: list[Hook]


@router.get("")
def list_hooks(
    caller: Reader, limit: paging.Limit = paging.USUAL, cursor: paging.Cursor = None
) -> HookPage:
    """List the hooks by name."""
    found = caller.store.list_hooks(paging.decode(cursor), limit + 1)
    items, following = paging.cut(found, limit, lambda spec: spec.name)
    return HookPage(items=[_described(spec) for spec in items], next=following)


@router.get("/{name:path}")
def get_hook(caller: Reader, name: Name, response: Response) -> Hook:
    """Get one hook."""
    entry = caller.store.hook_entry(name)
    return _tagged(entry, response)


@router.put("/{name:path}")
def put_hook(
    *,
    caller: Manager,
    name: Name,
    definition: HookDefinition,
    response: Response,
    if_match: etag.IfMatch = None,
    if_none_match: etag.IfNoneMatch = None,
) -> Hook:
    """Add a hook, or replace the one of that name."""
    spec = HookSpec(
        name=name,
        schema=definition.data_schema,
        description=definition.description,
        example=definition.example,
    )
    version = etag.version_in(if_match) if if_none_match is None else 0
    caller.store.put_hook(spec, if_version=version)
    return _tagged(caller.store.hook_entry(name), response)


@router.delete("/{name:path}", status_code=204)
def remove_hook(caller: Manager, name: Name, if_match: etag.IfMatch = None) -> None:
    """Remove a hook; its events are no longer checked."""
    caller.store.remove_hook(name, if_version=etag.version_in(if_match))


def _tagged(entry: HookEntry, response: Response) -> Hook:
    response.headers[etag.HEADER] = etag.tag(entry.version)
    return _described(entry.spec)


def _described(spec: HookSpec) -> Hook:
    facts = {"schema": spec.schema, "description": spec.description, "example": spec.example}
    return Hook.model_validate(facts | {"name": spec.name})
