"""A response as it came, and the outcome that is made of it: bounded, printable, redacted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from durian.consumers.sender.hygiene import header_text, redact_body, redact_texts, secrets_of
from durian.consumers.sender.port import Outcome, Request
from durian.consumers.sender.retry_after import parse_retry_after

#: Bytes kept of a response's body, and characters of its headers: enough to see what went wrong.
KEPT_BODY_BYTES = 16 * 1024
KEPT_HEADERS_CHARS = 16 * 1024


# Not frozen, which would take it five times as long to be made: there is one for every attempt.
@dataclass(slots=True)
class Answer:
    """A response as it came."""

    status: int
    #: In their order, names as they were written.
    headers: Sequence[tuple[str, str]]
    body: bytes
    #: True when the body went on.
    cut: bool


def outcome_of(request: Request, answer: Answer, latency_s: float, now: float) -> Outcome:
    """Make the outcome of a response that came at `now`, in seconds since the epoch."""
    secrets = secrets_of(request.headers) if answer.headers or answer.body else ()
    asked = next((value for name, value in answer.headers if name.lower() == "retry-after"), None)
    return Outcome(
        kind="response",
        latency_s=latency_s,
        status=answer.status,
        retry_after_s=parse_retry_after(asked, now),
        response_headers=_kept(answer.headers, secrets),
        response_body=redact_body(answer.body, secrets, cut=answer.cut)[:KEPT_BODY_BYTES],
    )


def _kept(
    headers: Sequence[tuple[str, str]], secrets: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    names, values = [], []
    left = KEPT_HEADERS_CHARS
    for name, value in headers:
        left -= len(name) + len(value)
        if left < 0:
            break
        names.append(name)
        values.append(header_text(value))
    return tuple(zip(names, redact_texts(values, secrets), strict=True))
