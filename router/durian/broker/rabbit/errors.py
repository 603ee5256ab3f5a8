"""What pika raises, said in Durian's words."""

from __future__ import annotations

import re

from pika import exceptions
from pika.adapters.utils import connection_workflow

from durian.errors import (
    BrokerError,
    BrokerRefused,
    BrokerUnavailable,
    LoginRefused,
    PermissionRefused,
    QueueMissing,
    TopologyMismatch,
    VhostRefused,
)

#: Reply codes of AMQP 0-9-1.
ACCESS_REFUSED = 403
NOT_FOUND = 404
RESOURCE_LOCKED = 405
PRECONDITION_FAILED = 406

_Nested = (
    connection_workflow.AMQPConnectorPhaseErrorBase,
    connection_workflow.AMQPConnectionWorkflowFailed,
    exceptions.AMQPConnectionError,
)

_REFUSED = (
    exceptions.AuthenticationError,
    exceptions.ProbableAuthenticationError,
    exceptions.ProbableAccessDeniedError,
)


class Locked(TopologyMismatch):
    """Raised when a queue is exclusive to another connection, perhaps our own lost one."""


class QueueAway(BrokerUnavailable):
    """Raised when a queue exists on a node that is down, or not up yet."""


#: How RabbitMQ tells that from a queue that does not exist: the reply code is the same.
_AWAY = "down or inaccessible"

#: How it tells a limit of connections from a virtual host that may not be used.
_LIMIT = re.compile(r"NOT_ALLOWED - (.* is reached)")


def of_channel(error: BaseException, *, declaring: bool = False) -> BrokerError:
    """Translate the reason why the broker closed a channel."""
    if not isinstance(error, exceptions.ChannelClosedByBroker):
        return BrokerUnavailable(f"The connection was lost: {reason_of(error)}")
    code, text = error.reply_code, error.reply_text
    if code == NOT_FOUND and _AWAY in text:
        return QueueAway(f"{text}.")
    if code == NOT_FOUND:
        return QueueMissing(f"{text}.")
    if code == RESOURCE_LOCKED:
        return Locked(f"{text}.")
    if code == PRECONDITION_FAILED and declaring:
        return TopologyMismatch(f"{text}.")
    kind = PermissionRefused if code == ACCESS_REFUSED else BrokerRefused
    return kind(f"{text}.")


def of_connection(error: BaseException, place: str) -> BrokerError:
    """Translate the reason why a connection could not be made."""
    inner = _innermost(error)
    if isinstance(inner, exceptions.ProbableAccessDeniedError):
        if limit := _LIMIT.search(reason_of(inner)):
            return BrokerRefused(f"The broker at {place} refuses the connection: {limit[1]}.")
        return VhostRefused(f"The broker at {place} refuses the virtual host.")
    if isinstance(inner, _REFUSED):
        return LoginRefused(f"The broker at {place} refuses the login.")
    return BrokerUnavailable(f"The broker at {place} cannot be reached: {reason_of(error)}.")


def reason_of(error: BaseException) -> str:
    """Say in one line why a connection failed or was lost."""
    inner = _innermost(error)
    if isinstance(inner, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror
    if isinstance(inner, exceptions.ConnectionClosed):
        return inner.reply_text
    text = " ".join(str(part) for part in inner.args) if inner.args else ""
    return text or type(inner).__name__


def _innermost(error: BaseException) -> BaseException:
    """Unpack the exceptions in which pika wraps the one that tells something."""
    while True:
        inner: object = None
        if isinstance(error, connection_workflow.AMQPConnectionWorkflowFailed):
            inner = error.exceptions[-1] if error.exceptions else None
        elif isinstance(error, connection_workflow.AMQPConnectorPhaseErrorBase):
            inner = error.exception
        elif isinstance(error, exceptions.AMQPConnectionError) and error.args:
            inner = error.args[0]
        if not isinstance(inner, BaseException):
            return error
        error = inner
