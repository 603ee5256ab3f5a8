"""Sources, as the command line makes and shows them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from durian.console.moments import moment
from durian.errors import InvalidSource
from durian.registry.source import MOST_SECRET, SCHEMES, Scheme, Source, SourceSecret

if TYPE_CHECKING:
    from durian.registry.store import Store

#: Sources read at once.
_PAGE = 1000

#: Of a table of sources.
COLUMNS = ("id", "scheme", "types", "path", "created", "description")


def new_source(name: str, scheme: str, event: str | None, description: str) -> Source:
    """Make a source of what was typed. Raises InvalidSource."""
    return Source(
        id=name,
        scheme=cast("Scheme", scheme),
        event=name.replace("-", "_") if event is None else event,
        description=description,
        created_at=time.time(),
    )


def secret_of(scheme: Scheme, given: str | None) -> SourceSecret:
    """Take the secret that was given, or make one. Raises InvalidSource."""
    return SourceSecret.new(scheme) if given is None else SourceSecret.of(scheme, given)


def typed(secret: str | None) -> str | None:
    """The secret that was typed: `-` reads it from stdin."""
    return sys.stdin.read(MOST_SECRET).strip() if secret == "-" else secret  # noqa: S105  # no password


def check_scheme(scheme: str) -> Scheme:
    """Read the name of a scheme. Raises InvalidSource."""
    if scheme not in SCHEMES:
        raise InvalidSource("--scheme", f"{scheme!r} is none of {', '.join(SCHEMES)}")
    return scheme


def pages(store: Store) -> Iterator[Source]:
    """All sources by id, read in pages."""
    after: str | None = None
    while page := store.list_sources(after, limit=_PAGE):
        yield from page
        after = page[-1].id


def described(source: Source) -> Mapping[str, object]:
    """A source as one JSON object."""
    return {
        "id": source.id,
        "scheme": source.scheme,
        "event": source.event,
        "path": path_of(source),
        "description": source.description,
        "created_at": source.created_at,
    }


def row(source: Source) -> Sequence[str]:
    """A source as a row of COLUMNS."""
    created = moment(round(source.created_at * 1000))
    types = f"{source.event}.#"
    return (source.id, source.scheme, types, path_of(source), created, source.description)


def path_of(source: Source) -> str:
    """Where its webhooks are to be sent: on whatever host `durian web` is reached by."""
    return f"/in/{source.id}"
