"""What the attempt log is told of an attempt."""

from __future__ import annotations

from durian.consumers.decision import Dead, Decision, Disable, Done, Retry
from durian.consumers.delivery import Delivery
from durian.consumers.sender.port import Outcome
from durian.registry.attempt import KEY_MAX_CHARS, TEXT_MAX_CHARS, Attempt, Result

#: Characters of a line for people.
_LINE_MAX_CHARS = 1000

#: Characters of a response that are kept for people: head and body each.
_HEAD_MAX_CHARS = 4096
_BODY_MAX_CHARS = 4096


def attempt_of(delivery: Delivery, outcome: Outcome, decision: Decision, now: float) -> Attempt:
    """Build the record of an attempt that ended at `now`, in seconds since the epoch."""
    headers = delivery.message.headers
    head = "\n".join(map(": ".join, outcome.response_headers))
    return Attempt(
        webhook_id=delivery.webhook_id,
        listener_id=delivery.listener_id,
        # No event has more; a message that is none may lie in a listener's queue all the same.
        event_id=delivery.event_id[:KEY_MAX_CHARS],
        event_type=str(headers.get("ce-type", ""))[:KEY_MAX_CHARS],
        event_source=str(headers.get("ce-source", ""))[:TEXT_MAX_CHARS],
        number=delivery.attempts + 1,
        at_ms=round(now * 1000),
        latency_ms=max(0, round(outcome.latency_s * 1000)),
        result=result_of(decision),
        kind=outcome.kind,
        status=outcome.status,
        error=outcome.error[:_LINE_MAX_CHARS],
        public_error=outcome.public_error[:_LINE_MAX_CHARS],
        next_at_ms=round((now + decision.after_s) * 1000) if isinstance(decision, Retry) else None,
        reason=decision.reason[:_LINE_MAX_CHARS] if isinstance(decision, Dead | Disable) else "",
        response_head=head[:_HEAD_MAX_CHARS],
        response_body=outcome.response_body[:_BODY_MAX_CHARS].decode(errors="replace"),
        batch_id=delivery.batch_id if delivery.batch_size > 1 else None,
    )


def result_of(decision: Decision) -> Result:
    """What follows on an attempt, in a record's word."""
    match decision:
        case Done():
            return "delivered"
        case Retry():
            return "retry"
        case Dead():
            return "dead"
        case Disable():
            return "disabled"
