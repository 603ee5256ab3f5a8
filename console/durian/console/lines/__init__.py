"""Emitting a file of events, a line each: as fast as they are confirmed, and resumable by line."""

from __future__ import annotations

from durian.console.lines.emit import Asked, emit_lines

__all__ = ["Asked", "emit_lines"]
