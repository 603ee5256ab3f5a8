"""The index of all listeners: which of them want an event, in time that depends on the answer."""

from __future__ import annotations

from durian.match.index.index import Index

__all__ = ["Index"]
