"""Verifying what arrives at a listening endpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from durian.console.endpoint.arrival import Verify
from durian.errors import SignatureError
from durian.signature import Verifier


def verify_by_secrets(secrets: Sequence[str], now: Callable[[], float] = time.time) -> Verify:
    """Verify every path by the same secrets; without any, nothing is checked.

    Raises InvalidInput when a secret cannot be read.
    """
    verifier = Verifier(secrets) if secrets else None

    def verify(_path: str, headers: Mapping[str, str], body: bytes) -> str | None:
        return None if verifier is None else reason_of(verifier, headers, body, now())

    return verify


def verify_by_path(secrets: Mapping[str, str], now: Callable[[], float] = time.time) -> Verify:
    """Verify each path by its own secret; other paths are not checked.

    Raises InvalidInput when a secret cannot be read.
    """
    verifiers = {path: Verifier([secret]) for path, secret in secrets.items()}

    def verify(path: str, headers: Mapping[str, str], body: bytes) -> str | None:
        verifier = verifiers.get(path)
        return None if verifier is None else reason_of(verifier, headers, body, now())

    return verify


def reason_of(verifier: Verifier, headers: Mapping[str, str], body: bytes, now: float) -> str:
    """Tell why a request does not verify; empty when it does."""
    try:
        verifier.verify(headers, body, now)
    except SignatureError as error:
        return error.message
    return ""
