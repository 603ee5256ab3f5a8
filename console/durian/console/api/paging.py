"""Pages of a list: a limit, and a cursor to go on after."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from durian.errors import InvalidInput

#: Items of a page unless asked otherwise, and at most.
USUAL = 50
MOST = 500

#: Characters of a cursor: the longest stands for an id.
_MAX_CURSOR_LENGTH = 1000

Limit = Annotated[int, Query(ge=1, le=MOST, description="Items of a page at most.")]
Cursor = Annotated[
    str | None,
    Query(
        max_length=_MAX_CURSOR_LENGTH,
        pattern="^[A-Za-z0-9_-]+$",
        description="Where to go on: the `next` of the page before.",
    ),
]

_HINT = "Take the `next` of the page before."

_Item = TypeVar("_Item")


class Page(BaseModel):
    """A part of a list; each list has its own, with its `items`."""

    next: str | None = Field(
        None, description="The `cursor` of the next page; null when this is the last."
    )


def encode(place: object) -> str:
    """Write a place in a list as a cursor, which nobody is to look into."""
    return base64.urlsafe_b64encode(str(place).encode()).rstrip(b"=").decode()


def decode(cursor: str | None) -> str | None:
    """Read it back. Raises InvalidInput when it is none."""
    if cursor is None:
        return None
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError) as exc:
        raise InvalidInput("cursor", "is none", hint=_HINT) from exc
    if "\0" in place:  # which PostgreSQL does not take
        raise InvalidInput("cursor", "is none", hint=_HINT)
    return place


def decode_number(cursor: str | None) -> int | None:
    """Read back a cursor that is a number. Raises InvalidInput when it is none."""
    place = decode(cursor)
    if place is None:
        return None
    if not (place.isascii() and place.isdigit() and len(place) <= 18):  # noqa: PLR2004  # below 2**63
        raise InvalidInput("cursor", "is none", hint=_HINT)
    return int(place)


def cut(
    found: Sequence[_Item], limit: int, place: Callable[[_Item], object]
) -> tuple[Sequence[_Item], str | None]:
    """Cut a list that was read one item too far; return the page's items, and the next cursor."""
    if len(found) <= limit:
        return found, None
    return found[:limit], encode(place(found[limit - 1]))
