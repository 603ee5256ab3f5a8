"""Sending one HTTP request to a receiver nobody trusts: the port; adapters live in modules."""

from __future__ import annotations

from durian.consumers.sender.port import Done, Kind, Outcome, Request, Sender, TlsOptions, send

__all__ = ["Done", "Kind", "Outcome", "Request", "Sender", "TlsOptions", "send"]
