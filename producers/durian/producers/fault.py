"""From what kombu, py-amqp and the socket raise to Durian's errors: nothing of theirs leaks."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from amqp.exceptions import (
    AccessRefused,
    AMQPError,
    ChannelError,
    FrameError,
    NotAllowed,
    NotFound,
    PreconditionFailed,
)

from durian.errors import (
    BrokerError,
    BrokerRefused,
    BrokerUnavailable,
    LoginRefused,
    PermissionRefused,
    QueueMissing,
    VhostRefused,
)
from durian.producers.broker_url import BrokerUrl

#: Trying again does not help against these.
_REFUSALS = (AccessRefused, NotAllowed, PreconditionFailed, FrameError)

#: How RabbitMQ tells logins from permissions, and virtual hosts from limits: the codes are the
#: same. Only its own words come first; names of queues and users follow.
_LOGIN = re.compile(r"(ACCESS_REFUSED - )?login was refused", re.IGNORECASE)
_VHOST = re.compile(r"(NOT_ALLOWED - )?(access to )?vhost .*(?<! is reached)$", re.DOTALL)


@contextmanager
def translated(url: BrokerUrl) -> Iterator[None]:
    """Run a block that talks to the broker; whatever goes wrong in it becomes a BrokerError."""
    try:
        yield
    except AMQPError as exc:
        raise _from_amqp(exc, url) from exc
    # py-amqp raises AttributeError when the other side closed in the middle of a call.
    except (OSError, AttributeError) as exc:
        raise BrokerUnavailable(f"RabbitMQ at {url}: {_socket_reason(exc)}.") from exc


def _from_amqp(exc: AMQPError, url: BrokerUrl) -> BrokerError:
    text = str(exc.reply_text or exc).rstrip(".")
    if isinstance(exc, NotFound):
        return QueueMissing(f"RabbitMQ at {url} said: {text}.")
    if isinstance(exc, _REFUSALS):
        return _refusal(exc, text)(f"RabbitMQ at {url} refused: {text}.")
    what = "channel" if isinstance(exc, ChannelError) else "connection"
    return BrokerUnavailable(f"RabbitMQ at {url} closed the {what}: {text}.")


def _refusal(exc: AMQPError, text: str) -> type[BrokerRefused]:
    if isinstance(exc, AccessRefused):
        return LoginRefused if _LOGIN.match(text) else PermissionRefused
    if isinstance(exc, NotAllowed) and _VHOST.match(text):
        return VhostRefused
    return BrokerRefused


def _socket_reason(exc: Exception) -> str:
    if isinstance(exc, TimeoutError):
        return "no answer in time"
    if isinstance(exc, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(exc, socket.gaierror):
        return "the host name is unknown"
    words = getattr(exc, "strerror", None) or exc
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({words})"
    if isinstance(exc, ssl.SSLError):
        return f"no TLS connection ({words})"
    return f"the connection was lost ({words})"
