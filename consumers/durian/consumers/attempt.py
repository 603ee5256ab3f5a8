"""One attempt: from a delivery to the request, its outcome, and what follows."""

from __future__ import annotations

from durian.consumers.delivery import Delivery
from durian.consumers.keys import ListenerKeys
from durian.consumers.sender.port import Request
from durian.events import http
from durian.events.media import STRUCTURED
from durian.events.message import Message
from durian.registry import Listener
from durian.registry.policy import PayloadFormat

#: Receivers know us by this; the version stays out, for it only helps those who look for holes.
USER_AGENT = "Durian (https://pypi.org/project/durian)"


def request_of(delivery: Delivery, listener: Listener, keys: ListenerKeys, now: float) -> Request:
    """Build the POST of one attempt, signed for this moment (`now`, in epoch seconds)."""
    headers, body = _content(delivery.message, listener.policy.payload)
    webhook_id = delivery.webhook_id
    timestamp = int(now)
    headers["user-agent"] = USER_AGENT
    headers |= {name.lower(): value for name, value in listener.policy.headers.items()}
    headers |= {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": keys.signer(now).sign(webhook_id, timestamp, body),
    }
    return Request(
        listener_id=listener.id,
        url=listener.url,
        headers=headers,
        body=body,
        timeout_s=listener.policy.timeout_s,
        connect_timeout_s=listener.policy.connect_timeout_s,
        tls=keys.tls,
    )


def _content(message: Message, payload: PayloadFormat) -> tuple[dict[str, str], bytes]:
    if payload == "data":
        return http.binary_headers(message), message.body
    if payload == "cloudevent":
        return {"content-type": STRUCTURED}, http.structured_body(message)
    return {"content-type": "application/json"}, http.standard_body(message)
