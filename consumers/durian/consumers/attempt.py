"""One attempt: from a delivery to the request, its outcome, and what follows."""

from __future__ import annotations

from durian.consumers.delivery import Delivery
from durian.consumers.keys import ListenerKeys
from durian.consumers.sender.port import Request
from durian.events import http
from durian.events.media import BATCH, STRUCTURED
from durian.events.message import Message
from durian.registry import Listener, Policy

#: Receivers know us by this; the version stays out, for it only helps those who look for holes.
USER_AGENT = "Durian (https://pypi.org/project/durian)"


def request_of(delivery: Delivery, listener: Listener, keys: ListenerKeys, now: float) -> Request:
    """Build the POST of one attempt, signed for this moment (`now`, in epoch seconds).

    A listener that takes batches gets one of a single event.
    """
    parts = _content(delivery.message, listener.policy)
    return _request(delivery.webhook_id, parts, listener, keys, now)


def batch_request_of(
    batch_id: str, body: bytes, listener: Listener, keys: ListenerKeys, now: float
) -> Request:
    """Build the POST of one attempt at several deliveries: `body` is an array of CloudEvents."""
    return _request(batch_id, ({"content-type": BATCH}, body), listener, keys, now)


def _request(
    webhook_id: str, parts: http.Parts, listener: Listener, keys: ListenerKeys, now: float
) -> Request:
    headers, body = parts
    timestamp = int(now)
    policy = listener.policy
    headers["user-agent"] = USER_AGENT
    if policy.headers:
        headers |= {name.lower(): value for name, value in policy.headers.items()}
    headers["webhook-id"] = webhook_id
    headers["webhook-timestamp"] = str(timestamp)
    headers["webhook-signature"] = keys.signer(now).sign(webhook_id, timestamp, body)
    return Request(
        listener_id=listener.id,
        url=listener.url,
        headers=headers,
        body=body,
        timeout_s=policy.timeout_s,
        connect_timeout_s=policy.connect_timeout_s,
        tls=keys.tls,
    )


def _content(message: Message, policy: Policy) -> http.Parts:
    if policy.payload == "data":
        return http.binary_headers(message), message.body
    if policy.payload == "standard":
        return {"content-type": "application/json"}, http.standard_body(message)
    document = http.structured_body(message)
    if policy.batches:
        return {"content-type": BATCH}, http.batch_body([document])
    return {"content-type": STRUCTURED}, document
