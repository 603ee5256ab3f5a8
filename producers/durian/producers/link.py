"""One connection to RabbitMQ with one channel in confirm mode: all that talks to py-amqp."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Iterator
from typing import Any

from durian.errors import BrokerBlocked, BrokerError, BrokerUnavailable
from durian.events.message import Message
from durian.producers.broker_url import BrokerUrl
from durian.producers.connect import connect
from durian.producers.fault import translated
from durian.producers.ledger import Ledger, Outgoing, Receipt
from durian.producers.policy import PublishPolicy

#: A link that rested this long is asked for an answer before it is used again: firewalls and load
#: balancers forget idle connections without telling either side, the shortest after a minute.
PROBE_AFTER_S = 30.0

#: Seconds a rested link may take for that answer, and a broker for saying goodbye.
PROBE_TIMEOUT_S = 2.0

_PERSISTENT = 2


class Link:
    """A connection and its channel; used by one thread at a time.

    Confirms are collected as they come, so many events can be outstanding. After an error the link
    is broken: take back what was not confirmed, close the link, and send again on another one.
    That includes a confirm that did not come in time, for it may still come later.

    Raises:
        BrokerUnavailable: no connection was made.
        BrokerRefused: the login or the virtual host was refused.
    """

    def __init__(self, url: BrokerUrl, policy: PublishPolicy) -> None:
        self.url = url
        self.broken = False
        self._policy = policy
        self._blocked = False
        #: What broke it, when that is not told yet.
        self._fault: BrokerError | None = None
        self._ledger = Ledger(str(url))
        with translated(url):
            self._connection = connect(url, policy)
        self._sock: socket.socket = self._connection.sock
        try:
            with self._guarded():
                self._channel = self._open_channel()
        except BrokerError:
            self.close()
            raise
        self._poller = select.poll()
        self._poller.register(self._sock, select.POLLIN)
        self._used_at = time.monotonic()

    @property
    def outstanding(self) -> int:
        """How many events were published and not yet confirmed, returned or refused."""
        return len(self._ledger)

    def publish(self, outgoing: Outgoing, exchange: str) -> None:
        """Publish persistent and mandatory; what becomes of it is told by `collect`."""
        self._ledger.add(outgoing, time.monotonic())
        with self._guarded():
            self._channel.basic_publish(
                self._prepared(outgoing.message),
                exchange=exchange,
                routing_key=outgoing.message.routing_key,
                mandatory=True,
            )

    def collect(self, *, wait: bool) -> list[Receipt]:
        """Tell what became of events since the last call; with `wait`, of at least one.

        Raises BrokerUnavailable when the oldest waits longer than the policy allows.
        """
        try:
            with self._guarded():
                self._read()
                while wait and self.outstanding and not self._ledger.has_receipts:
                    self._await_frame()
                    self._read()
        except BrokerError as error:
            # Confirms that came before the fault count: the next call tells of the fault.
            if not self._ledger.has_receipts:
                raise
            self._fault = error
        return self._ledger.take_receipts()

    def take_back(self) -> list[Outgoing]:
        """Give up waiting: hand over what was not settled, oldest first.

        The link is broken then, because confirms of these may still come.
        """
        self.broken = self.broken or self.outstanding > 0
        return self._ledger.take_back()

    def alive(self) -> bool:
        """Tell whether it can be used (again); asks the broker if it rested for long."""
        try:
            with self._guarded():
                self._read()
                if time.monotonic() - self._used_at > PROBE_AFTER_S:
                    self._probe()
        except BrokerError:
            return False
        return True

    def rest(self) -> None:
        """Remember when it was last used."""
        self._used_at = time.monotonic()

    def close(self) -> None:
        """Say goodbye to the broker unless the link is broken; never raises, never hangs."""
        # Whatever goes wrong while leaving does not matter to anybody any more.
        with contextlib.suppress(BrokerError), translated(self.url):
            self._sock.settimeout(PROBE_TIMEOUT_S)
            if self.broken:
                self._connection.collect()
            else:
                self._connection.close()

    def forget(self) -> None:
        """Let go of a connection that belongs to another process, without touching it."""
        self.broken = True
        self._sock.close()

    def _open_channel(self) -> Any:
        """Open a channel on which every publish is confirmed or returned."""
        self._sock.settimeout(self._policy.connect_timeout_s)
        self._connection.on_blocked = self._on_blocked
        self._connection.on_unblocked = self._on_unblocked
        # py-amqp would otherwise poll the socket before each publish, and spin while only a part
        # of a frame is there. RabbitMQ was told already that we understand `blocked`.
        self._connection.client_properties.get("capabilities", {}).pop("connection.blocked", None)
        channel = self._connection.channel()
        channel.events["basic_ack"].add(self._on_ack)
        channel.events["basic_nack"].add(self._on_nack)
        channel.events["basic_return"].add(self._on_return)
        channel.confirm_select()
        # Bounds every later read and write: a half-open connection must not hang its user.
        self._sock.settimeout(self._policy.confirm_timeout_s)
        return channel

    def _probe(self) -> None:
        """One round trip that needs no permission and changes nothing for a publisher."""
        self._sock.settimeout(PROBE_TIMEOUT_S)
        self._channel.basic_qos(prefetch_size=0, prefetch_count=1, a_global=False)
        self._sock.settimeout(self._policy.confirm_timeout_s)

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Run a block that talks to the broker; an error breaks the link."""
        if self._fault:
            raise self._fault
        try:
            with translated(self.url):
                yield
        except BrokerError as error:
            self.broken = True
            if self._blocked and isinstance(error, BrokerUnavailable):
                raise BrokerBlocked(f"RabbitMQ at {self.url} takes no messages for now.") from error
            raise

    def _prepared(self, message: Message) -> Any:
        return self._channel.prepare_message(
            message.body,
            content_type=message.content_type,
            content_encoding=message.content_encoding,
            headers=dict(message.headers),
            properties={
                "delivery_mode": _PERSISTENT,
                "message_id": message.message_id,
                "type": message.type,
                "timestamp": message.timestamp,
                "app_id": message.app_id,
            },
        )

    def _read(self) -> None:
        """Take in what has arrived, without waiting."""
        while self._readable(0):
            self._connection.blocking_read()

    def _await_frame(self) -> None:
        """Wait until something arrives, at most as long as the oldest event may wait."""
        left_s = self._ledger.oldest_at + self._policy.confirm_timeout_s - time.monotonic()
        if left_s <= 0 or not self._readable(left_s):
            seconds = self._policy.confirm_timeout_s
            raise BrokerUnavailable(f"RabbitMQ at {self.url} did not confirm within {seconds:g} s.")

    def _readable(self, timeout_s: float) -> bool:
        pending = getattr(self._sock, "pending", None)  # what TLS has decrypted already
        return bool(pending and pending()) or bool(self._poller.poll(timeout_s * 1000))

    def _on_ack(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - py-amqp calls it so
        self._ledger.acked(tag, multiple=multiple)

    def _on_nack(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - py-amqp calls it so
        self._ledger.nacked(tag, multiple=multiple)

    def _on_return(self, _error: object, _exchange: str, routing_key: str, message: Any) -> None:
        self._ledger.returned(message.properties.get("message_id"), routing_key)

    def _on_blocked(self, _reason: str) -> None:
        self._blocked = True

    def _on_unblocked(self) -> None:
        self._blocked = False
