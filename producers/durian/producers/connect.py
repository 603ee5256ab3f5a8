"""Makes one AMQP connection with kombu's `pyamqp` transport, once: retries are the policy's."""

from __future__ import annotations

import os
import socket
from typing import Any

from kombu.transport.pyamqp import Connection

from durian.producers.broker_url import BrokerUrl
from durian.producers.policy import PublishPolicy


def connect(url: BrokerUrl, policy: PublishPolicy) -> Any:
    """Make a connection; raises whatever py-amqp and the socket raise."""
    host = f"[{url.host}]" if ":" in url.host else url.host
    connection = Connection(
        host=f"{host}:{url.port}",
        userid=url.user,
        password=url.password,
        login_method="PLAIN",
        virtual_host=url.vhost,
        ssl=url.tls or False,
        connect_timeout=policy.connect_timeout_s,
        # Nobody would send heartbeats while the producer rests: RabbitMQ would complain and close.
        heartbeat=0,
        client_properties={"connection_name": f"durian producer, process {os.getpid()}"},
        socket_settings=_socket_settings(policy),
    )
    try:
        connection.connect()
    except Exception:
        connection.collect()
        raise
    return connection


def _socket_settings(policy: PublishPolicy) -> dict[int, int]:
    """py-amqp lets a connection die after one second without TCP's acknowledgement.

    A broker in an alarm stops reading for longer than that.
    """
    option = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux only
    return {} if option is None else {option: round(policy.confirm_timeout_s * 1000)}
