"""Receiving Durian's webhooks: verify, decode, and handle each event once.

Any framework: `with Receiver([secret]).receive(headers, body) as event: ...`. Django, Starlette
(and FastAPI) and Flask have a module each, with a view made of a receiver and a function.
"""

from __future__ import annotations

from durian.receiver.answer import Answer, answer
from durian.receiver.receiver import Receiver, Reception, receive
from durian.receiver.replays import MemoryReplays, Replays, State

__all__ = [
    "Answer",
    "MemoryReplays",
    "Receiver",
    "Reception",
    "Replays",
    "State",
    "answer",
    "receive",
]
