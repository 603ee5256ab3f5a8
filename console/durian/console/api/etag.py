"""Entity tags: a change is refused when somebody else has changed the same thing meanwhile."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from fastapi import Header

from durian.errors import Changed

#: The header that an answer brings.
HEADER: Final = "ETag"

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=200,
        description="The `ETag` that was read: the change is refused (412) when it differs now.",
    ),
]

IfNoneMatch = Annotated[
    Literal["*"] | None,
    Header(
        alias="If-None-Match",
        description="`*`: the request is refused (412) when there is one already.",
    ),
]

_TAG = re.compile(r'"v(\d{1,18})"')


def tag(version: int) -> str:
    """The entity tag of a version."""
    return f'"v{version}"'


def version_in(if_match: str | None) -> int | None:
    """The version that must be the current one; None when any may be. Raises Changed."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        # A tag that was never given out cannot be the current one (RFC 9110, 13.1.1).
        raise Changed("The If-Match header holds no tag of this API.")
    return int(found[1])
