"""How large an event may be: the caps that every codec keeps, with Durian's defaults."""

from __future__ import annotations

from dataclasses import dataclass

#: Bytes of data. Brokers and receivers choke on more, and CloudEvents advises far less (64 KiB).
DATA_BYTES = 1024 * 1024

#: Levels of arrays and objects within data: no honest payload needs more, and recursion is finite.
DEPTH = 64

#: Bytes of all attributes together. RabbitMQ closes the connection of a publisher whose headers
#: do not fit one frame (131,064 bytes); routing keys need room there too.
ATTRIBUTES_BYTES = 32 * 1024

#: Bytes of a structured or batch document: one base64 event of the largest size, or a batch.
DOCUMENT_BYTES = 4 * 1024 * 1024

#: Events in one batch: a batch is one message, and is handled in one go.
BATCH_EVENTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How large an event may be. Whatever exceeds a cap is refused, never cut."""

    #: Bytes of one event's data, after decompression.
    data_bytes: int = DATA_BYTES
    #: Levels of arrays and objects within data.
    depth: int = DEPTH
    #: Bytes of all attributes of one event, names included.
    attributes_bytes: int = ATTRIBUTES_BYTES
    #: Bytes of a structured or batch document, after decompression.
    document_bytes: int = DOCUMENT_BYTES
    #: Events in one batch.
    batch_events: int = BATCH_EVENTS


#: The caps that hold where none are given.
CAPS = Caps()
