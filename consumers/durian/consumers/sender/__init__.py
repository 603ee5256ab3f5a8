"""Sending one HTTP request to a receiver nobody trusts: the port; adapters live in modules."""

from __future__ import annotations

from durian.consumers.sender.port import Kind, Outcome, Request, Sender, TlsOptions

__all__ = ["Kind", "Outcome", "Request", "Sender", "TlsOptions"]
