"""What a content type says about the bytes it describes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

#: How many different content types are remembered; a deployment sees a handful.
REMEMBERED = 256

_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([A-Za-z0-9_-]+)", re.IGNORECASE)
_UTF8_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})

#: The content types of whole CloudEvents, as Durian writes them.
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"

Kind = Literal["json", "text", "binary"]
Format = Literal["structured", "batch", "unknown"]


@lru_cache(REMEMBERED)
def kind_of(content_type: str) -> Kind:
    """Tell whether data of this type is JSON, UTF-8 text, or just bytes."""
    essence = _essence(content_type)
    subtype = essence.partition("/")[2]
    if subtype == "json" or subtype.endswith("+json"):
        return "json"
    charset = _CHARSET.search(content_type)
    if charset is not None and charset[1].lower() not in _UTF8_CHARSETS:
        return "binary"
    if essence.startswith("text/") or subtype == "xml" or subtype.endswith("+xml"):
        return "text"
    return "binary"


@lru_cache(REMEMBERED)
def format_of(content_type: str) -> Format | None:
    """Tell how whole CloudEvents are written in content of this type; None when it holds data.

    "unknown" is a format of CloudEvents that Durian does not read, such as Avro or Protobuf.
    """
    essence = _essence(content_type)
    if not essence.startswith("application/cloudevents"):
        return None
    if essence in (BATCH, "application/cloudevents-batch"):
        return "batch"
    if essence in (STRUCTURED, "application/cloudevents"):
        return "structured"
    return "unknown"


def _essence(content_type: str) -> str:
    """The type and subtype, without parameters."""
    return content_type.partition(";")[0].strip().lower()
