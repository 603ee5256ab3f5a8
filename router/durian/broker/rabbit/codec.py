"""Messages to pika's properties and back."""

from __future__ import annotations

from typing import Any, Literal

from pika import BasicProperties
from pika.spec import Basic

from durian.broker.headers import to_send
from durian.broker.port import Address
from durian.errors import BrokerRefused
from durian.events.message import Message

#: A message's properties must fit one frame of 131,072 bytes; the broker closes the whole
#: connection over a larger one. The rest is for names, types and the other properties.
MAX_HEADER_BYTES = 100_000

#: No character takes more bytes than this, and no header more than these for its type and length.
_BYTES_A_CHARACTER = 4
_BYTES_A_HEADER = 8

#: The delivery mode of messages that survive a restart of the broker.
_PERSISTENT: Literal[2] = 2


def properties_of(message: Message, to: Address) -> BasicProperties:
    """Make what travels beside the body. Raises BrokerRefused when it is too large."""
    headers: dict[str, Any] = {**to_send(message.headers)}
    if to.bcc:
        # Strings, never bytes: RabbitMQ ignores binary keys without a word.
        headers["BCC"] = list(to.bcc)
    _check_size(headers, to)
    return BasicProperties(
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        headers=headers,
        delivery_mode=_PERSISTENT,
        message_id=message.message_id,
        timestamp=message.timestamp,
        type=message.type,
        app_id=message.app_id,
    )


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


def _check_size(headers: dict[str, Any], to: Address) -> None:
    """Refuse headers that would not fit; nearly all pass by counting characters."""
    texts = [*headers, *(value for value in headers.values() if isinstance(value, str)), *to.bcc]
    characters = sum(map(len, texts))
    overhead = _BYTES_A_HEADER * len(texts)
    if _BYTES_A_CHARACTER * characters + overhead <= MAX_HEADER_BYTES:
        return
    size = sum(len(text.encode("utf-8", "replace")) for text in texts) + overhead
    if size > MAX_HEADER_BYTES:
        raise BrokerRefused(
            f"The message's headers take {size} bytes; at most {MAX_HEADER_BYTES} fit.",
            hint="Move what is long into the body.",
        )
