"""`/v1/portal-links`: links by which an owner sees and changes their listeners in a browser."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from durian.console import portal
from durian.console.api.access import Admin
from durian.console.api.moment import Seconds
from durian.registry.owner import MAX_OWNER_LENGTH
from durian.registry.portal_link import USUAL_SCOPES
from durian.registry.token import Scope

router = APIRouter(prefix="/portal-links", tags=["portal"])


class NewPortalLink(BaseModel):
    """A link to be made."""

    model_config = ConfigDict(extra="forbid")

    owner: Annotated[str, Field(min_length=1, max_length=MAX_OWNER_LENGTH)] = Field(
        description="Whose listeners it shows."
    )
    scopes: Annotated[list[Scope], Field(min_length=1)] = Field(
        sorted(USUAL_SCOPES), description="What it allows."
    )
    expires_in_s: Annotated[float, Field(gt=0, le=portal.LONGEST_S)] = Field(
        portal.EXPIRES_IN_S, description="Seconds that it works."
    )


class PortalLink(BaseModel):
    """A link, which is kept nowhere: whoever has it may what it says until it ends."""

    url: str
    owner: str
    scopes: list[Scope]
    expires_at: Seconds


@router.post("", status_code=201)
def create_portal_link(caller: Admin, new: NewPortalLink) -> PortalLink:
    """Make a link to an owner's portal, to be opened in a browser or shown in a frame."""
    link = portal.new_link(new.owner, new.scopes, new.expires_in_s)
    url = portal.address(caller.services.settings, caller.store.seal_link(link))
    return PortalLink(
        url=url,
        owner=link.owner,
        scopes=sorted(link.scopes),
        expires_at=link.expires_at,
    )
