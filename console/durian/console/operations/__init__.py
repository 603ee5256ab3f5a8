"""What operators do to what is queued: the same functions behind the command line and HTTP."""

from __future__ import annotations

__all__: list[str] = []
