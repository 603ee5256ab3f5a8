"""`/v1/audit`: who changed what, and when."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from durian.console import audit
from durian.console.api import paging
from durian.console.api.access import Admin
from durian.console.api.moment import Seconds

router = APIRouter(prefix="/audit", tags=["audit"])


class AuditEntry(BaseModel):
    """One change."""

    id: int
    at: Seconds
    actor: str = Field(description="Who did it: `token k3f9qaxy`, `user ann`, `durian`.")
    action: str = Field(description="What was done: `listener.update`.")
    target: str = Field(description="To what: `listener joe`.")
    owner: str | None = Field(description="The owner of what was changed.")
    before: dict[str, Any] | None = Field(description="What differed, as it was before.")
    after: dict[str, Any] | None = Field(description="The same after it.")


class AuditPage(paging.Page):
    """Some changes, the newest first."""

    items: list[AuditEntry]


@router.get("")
def list_audit(
    caller: Admin,
    target: Annotated[
        str | None, Query(max_length=1000, description='Only this, such as "listener joe".')
    ] = None,
    limit: paging.Limit = paging.USUAL,
    cursor: paging.Cursor = None,
) -> AuditPage:
    """List changes, the newest first."""
    page = caller.store.list_audit(target=target, after=paging.decode_number(cursor), limit=limit)
    items = [AuditEntry.model_validate(audit.described(entry)) for entry in page.entries]
    return AuditPage(items=items, next=None if page.next is None else paging.encode(page.next))
