"""Receiving Durian's webhooks: verify, decode, and handle each event once.

Any framework: `with Receiver([secret]).receive(headers, body) as event: ...`, and for batches
`for reception in Receiver([secret]).receive_batch(headers, body): ...`. Django, Starlette
(and FastAPI) and Flask have a module each, with a view made of a receiver and a function.
"""

from __future__ import annotations

from durian.receiver.answer import Answer, answer
from durian.receiver.receiver import (
    BatchReception,
    Receiver,
    Reception,
    receive,
    receive_batch,
)
from durian.receiver.replays import MemoryReplays, Replays, State

__all__ = [
    "Answer",
    "BatchReception",
    "MemoryReplays",
    "Receiver",
    "Reception",
    "Replays",
    "State",
    "answer",
    "receive",
    "receive_batch",
]
