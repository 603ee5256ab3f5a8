"""What pika has read of a message, as Durian's own."""

from __future__ import annotations

from pika import BasicProperties
from pika.spec import Basic

from durian.events.message import Message


def message_of(
    method: Basic.Deliver | Basic.Return, properties: BasicProperties, body: bytes
) -> Message:
    """Read a message that the broker handed out."""
    return Message(
        body=body,
        headers=properties.headers or {},
        content_type=_text(properties.content_type),
        content_encoding=_text(properties.content_encoding),
        message_id=_text(properties.message_id),
        type=_text(properties.type),
        timestamp=properties.timestamp,
        app_id=_text(properties.app_id),
        exchange=_text(method.exchange) or "",
        routing_key=_text(method.routing_key) or "",
    )


def _text(value: str | bytes | None) -> str | None:
    """A property as text: pika leaves bytes where a stranger's are no UTF-8."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
