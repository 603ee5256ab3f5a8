"""Handing an event to a running `durian up` by HTTP."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from durian.console.local_token import token_for
from durian.console.unreached import why
from durian.errors import BrokerUnavailable, DurianError, InvalidEvent
from durian.events import Event
from durian.events.http import Parts, encode_batch, encode_structured

#: Seconds to wait for an answer: longer than the service waits for the broker's confirm.
TIMEOUT_S = 20.0

#: Bytes of an answer that are read.
_ANSWER_BYTES = 65_536


def emit(host: str, port: int, event: Event, token: str = "") -> None:
    """Post one event; returns once the service's broker has it.

    Raises BrokerUnavailable when nobody answers or the broker is away, InvalidEvent when the
    event is refused, DurianError when the token is.
    """
    _hand_over(host, port, encode_structured(event), token)


def emit_batch(host: str, port: int, events: Sequence[Event], token: str = "") -> None:
    """Post events in one request; as `emit` for all of them."""
    _hand_over(host, port, encode_batch(events), token)


def _hand_over(host: str, port: int, parts: Parts, token: str) -> None:
    headers, body = parts
    status, answer = _post(host, port, headers | bearer(host, token), body)
    if status == HTTPStatus.ACCEPTED:
        return
    detail = _detail(answer)
    if status in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE):
        raise InvalidEvent("event", f"was refused: {detail}")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        raise BrokerUnavailable(detail)
    raise DurianError(f"http://{host}:{port} answered {status}: {detail}")


def bearer(host: str, token: str) -> dict[str, str]:
    """The header that shows a token, or that of this machine; none when there is none."""
    token = token_for(host, token)
    return {"Authorization": f"Bearer {token}"} if token else {}


def _post(host: str, port: int, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    connection = HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", "/v1/events", body=body, headers=headers)
        response = connection.getresponse()
        return response.status, response.read(_ANSWER_BYTES)
    except (OSError, HTTPException) as exc:
        message = f"Nobody takes events at http://{host}:{port}: {why(exc)}."
        hint = "Start `durian up` there, or set DURIAN_BROKER_URL to publish to RabbitMQ."
        raise BrokerUnavailable(message, hint=hint) from exc
    finally:
        connection.close()


def _detail(answer: bytes) -> str:
    """What a problem document says, or the answer as it is."""
    try:
        return str(json.loads(answer)["detail"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return answer.decode(errors="replace")[:200]
