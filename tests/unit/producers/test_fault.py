from __future__ import annotations

import socket
import ssl

import pytest
from amqp.exceptions import (
    AccessRefused,
    ConnectionForced,
    FrameError,
    InternalError,
    NotAllowed,
    NotFound,
    PreconditionFailed,
    RecoverableConnectionError,
    ResourceError,
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
from durian.producers.broker_url import parse_broker_urls
from durian.producers.fault import translated

#: What RabbitMQ says of queues, virtual hosts and limits, whatever their names are.
ACCESS = "access to queue 'login-events' in vhost '/' refused"
VHOST = "access to vhost 'shop' refused"
FULL = "connection limit (5) is reached"

(URL,) = parse_broker_urls("amqp://joe:hunter2@broker.example/shop")


@pytest.mark.parametrize(
    ("raised", "error", "says"),
    [
        (AccessRefused("ACCESS_REFUSED - Login was refused"), LoginRefused, "Login was refused"),
        (NotAllowed("NOT_ALLOWED - vhost shop not found"), VhostRefused, "vhost shop not found"),
        (AccessRefused("ACCESS_REFUSED - write access to exchange 'x'"), PermissionRefused, "'x'"),
        (AccessRefused(f"ACCESS_REFUSED - {ACCESS} for user 'shop'"), PermissionRefused, ACCESS),
        (AccessRefused(f"ACCESS_REFUSED - {ACCESS} for user 'login'"), PermissionRefused, ACCESS),
        (NotAllowed(f"NOT_ALLOWED - {VHOST} for user 'shop'"), VhostRefused, VHOST),
        (NotAllowed(f"NOT_ALLOWED - {VHOST} for user 'shop': {FULL}"), BrokerRefused, FULL),
        (
            NotAllowed(f"NOT_ALLOWED - connection refused for user 'vhost': user {FULL}"),
            BrokerRefused,
            FULL,
        ),
        (PreconditionFailed("message size 9 is larger"), BrokerRefused, "message size 9"),
        (FrameError("frame_too_large"), BrokerRefused, "frame_too_large"),
        (NotFound("NOT_FOUND - no exchange 'x'"), QueueMissing, "no exchange 'x'"),
        (ConnectionForced("broker forced connection closure"), BrokerUnavailable, "forced"),
        (InternalError("INTERNAL_ERROR"), BrokerUnavailable, "closed the connection"),
        (ResourceError("out of channels"), BrokerUnavailable, "out of channels"),
        (RecoverableConnectionError("Connection already closed."), BrokerUnavailable, "already"),
        (TimeoutError("timed out"), BrokerUnavailable, "no answer in time"),
        (ConnectionRefusedError(111, "Connection refused"), BrokerUnavailable, "nothing listens"),
        (ConnectionResetError(104, "reset by peer"), BrokerUnavailable, "reset by peer"),
        (socket.gaierror(-2, "Name not known"), BrokerUnavailable, "host name is unknown"),
        (ssl.SSLError(1, "wrong version number"), BrokerUnavailable, "no TLS connection"),
        (ssl.SSLCertVerificationError(), BrokerUnavailable, "certificate is not trusted"),
        (OSError("Server unexpectedly closed connection"), BrokerUnavailable, "unexpectedly"),
        (AttributeError("'NoneType' object has no attribute 'x'"), BrokerUnavailable, "lost"),
    ],
)
def test_what_drivers_raise_becomes_an_error_that_names_broker_and_reason(
    raised: Exception, error: type[BrokerError], says: str
) -> None:
    with pytest.raises(BrokerError) as caught, translated(URL):
        raise raised
    assert type(caught.value) is error
    assert caught.value.__cause__ is raised
    assert "broker.example:5672" in caught.value.message
    assert says in caught.value.message
    assert "hunter2" not in str(caught.value)


def test_what_is_no_fault_of_the_broker_passes_through() -> None:
    with pytest.raises(ZeroDivisionError), translated(URL):
        raise ZeroDivisionError
