"""`/v1/tokens`: API tokens; and `/v1/token`, the one that is shown."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from durian.console import tokens
from durian.console.api import paging
from durian.console.api.access import Admin, Anyone
from durian.console.api.moment import Seconds
from durian.registry.owner import MAX_OWNER_LENGTH
from durian.registry.token import MAX_NAME_LENGTH, MAX_RATE_PER_S, Scope

router = APIRouter(tags=["tokens"])

#: Seconds that a token works unless told otherwise: long enough not to be a nuisance, short enough
#: that one that was forgotten does not work for ever.
EXPIRES_IN_S = 90 * 24 * 3600.0

Id = Annotated[
    str,
    Path(
        alias="token_id",
        # The last is that of the machine: it has an id as well, but none can revoke it here.
        pattern="^([a-z0-9]{8}|local)$",
        description="The token's id, which stands in the token itself.",
    ),
]


class NewToken(BaseModel):
    """A token to be created."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)] = Field(
        description="What it is for, for people."
    )
    scopes: Annotated[list[Scope], Field(min_length=1)] = Field(description="What it allows.")
    owner: Annotated[str, Field(min_length=1, max_length=MAX_OWNER_LENGTH)] | None = Field(
        None, description="Whose listeners it sees and changes; null: everybody's."
    )
    expires_in_s: Annotated[float, Field(gt=0, le=10**10)] | None = Field(
        EXPIRES_IN_S, description="Seconds that it works; null: for ever."
    )
    rate_per_s: Annotated[float, Field(gt=0, le=MAX_RATE_PER_S)] | None = Field(
        None, description="Requests a second at most; null: as the deployment has it."
    )


class Token(BaseModel):
    """A token without what makes it work."""

    id: str
    name: str
    scopes: list[Scope]
    owner: str | None
    rate_per_s: float | None
    created_at: Seconds
    expires_at: Seconds | None = Field(description="When it ends; null: never.")
    last_used_at: Seconds | None = Field(description="Give or take a minute.")


class CreatedToken(Token):
    """A token that was just created."""

    token: str = Field(description="The token itself, shown this once.")


class TokenPage(paging.Page):
    """Some tokens, by id."""

    items: list[Token]


@router.get("/tokens")
def list_tokens(
    caller: Admin, limit: paging.Limit = paging.USUAL, cursor: paging.Cursor = None
) -> TokenPage:
    """List the tokens by id; those that have expired are among them."""
    found = caller.store.list_tokens(after=paging.decode(cursor), limit=limit + 1)
    items, following = paging.cut(found, limit, lambda token: token.id)
    described = [Token.model_validate(tokens.described(token)) for token in items]
    return TokenPage(items=described, next=following)


@router.post("/tokens", status_code=201)
def create_token(caller: Admin, new: NewToken) -> CreatedToken:
    """Create a token."""
    limits = tokens.Limits(
        owner=new.owner, expires_in_s=new.expires_in_s, rate_per_s=new.rate_per_s
    )
    token, text = tokens.new_token(new.name, new.scopes, limits)
    caller.store.add_token(token, text)
    return CreatedToken.model_validate({**tokens.described(token), "token": text})


@router.delete("/tokens/{token_id}", status_code=204)
def revoke_token(caller: Admin, token_id: Id) -> None:
    """Revoke a token: within seconds it works nowhere any more."""
    caller.store.revoke_token(token_id)


@router.get("/token")
def get_token(caller: Anyone) -> Token:
    """Get the token with which this request is made."""
    return Token.model_validate(tokens.described(caller.token))
