"""Watching a server as it works: `durian stats`, `durian top` and `durian tail`."""

from __future__ import annotations

from durian.console.live.look import Look, Row, look
from durian.console.live.tail import Tail

__all__ = ["Look", "Row", "Tail", "look"]
