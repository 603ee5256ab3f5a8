"""Delivering in the calling process: match one event and call its listeners, now and once.

For tests, development and scripts. There is no queue, so nothing waits and nothing is tried again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from ipaddress import ip_network
from typing import TYPE_CHECKING

from durian.consumers.attempt import request_of
from durian.consumers.decision import Dead, Done
from durian.consumers.delivery import Delivery
from durian.consumers.keys import ListenerKeys, tls_of
from durian.consumers.record import attempt_of
from durian.consumers.sender.port import Sender, send
from durian.errors import InvalidInput, InvalidSettings
from durian.events import Event, amqp
from durian.match import Filter, Index
from durian.registry import Listener
from durian.registry.attempt import Attempt

if TYPE_CHECKING:
    from durian.registry.store import Store

#: What the attempt log says of a delivery that failed here.
NOT_AGAIN = "delivered in the calling process, which tries once"


class InlineDelivery:
    """Delivers events to listeners of a registry without a broker. Any thread may use it.

    Args:
        store: The registry: its listeners, their secrets, and the attempt log.
        allowed_networks: Networks that are called although they are not public.
        sender: What makes requests; `requests` when it is None.
        now: Tells the time, in seconds since the epoch.

    Raises:
        InvalidSettings: a network cannot be read.
    """

    def __init__(
        self,
        store: Store,
        *,
        allowed_networks: Iterable[str] = (),
        sender: Sender | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._sender = sender or _new_sender(allowed_networks)
        self._now = now
        self._lock = threading.Lock()
        self._index = Index()
        self._listeners: dict[str, Listener] = {}
        self._version = 0

    def deliver(self, event: Event) -> list[Attempt]:
        """Call every listener that wants the event; returns and records what came of it.

        Raises RegistryError.
        """
        message = amqp.encode(event)
        attempts = [
            self._attempt(listener, Delivery.of(listener.id, message))
            for listener in self._wanting(event)
        ]
        self._store.add_attempts(attempts)
        return attempts

    def close(self) -> None:
        """Close idle connections."""
        self._sender.close()

    def _wanting(self, event: Event) -> list[Listener]:
        with self._lock:
            for page in self._store.stream(self._version):
                if page.reset:
                    self._index, self._listeners = Index(), {}
                for listener in page.listeners:
                    self._put(listener)
                for listener_id in page.removed:
                    self._drop(listener_id)
                self._version = page.version
            return [self._listeners[each] for each in sorted(self._index.match(event))]

    def _put(self, listener: Listener) -> None:
        try:
            if listener.enabled:
                self._index.add(listener.id, listener.event, Filter.parse(listener.filter))
                self._listeners[listener.id] = listener
                return
        except InvalidInput:
            pass  # a row of another version, which no router indexes either
        self._drop(listener.id)

    def _drop(self, listener_id: str) -> None:
        self._index.remove(listener_id)
        self._listeners.pop(listener_id, None)

    def _attempt(self, listener: Listener, delivery: Delivery) -> Attempt:
        key_pem = self._store.client_key_of(listener.id) if listener.policy.cert_pem else None
        secrets = self._store.secrets_of(listener.id, self._now())
        keys = ListenerKeys(secrets, tls_of(listener.policy, key_pem))
        outcome = send(self._sender, request_of(delivery, listener, keys, self._now()))
        decision = Done() if outcome.ok else Dead(NOT_AGAIN)
        return attempt_of(delivery, outcome, decision, self._now())


def _new_sender(allowed_networks: Iterable[str]) -> Sender:
    from durian.consumers.sender.requests import RequestsSender  # noqa: PLC0415  # only this one

    try:
        networks = tuple(ip_network(each) for each in allowed_networks)
    except ValueError as exc:
        hint = "Write networks such as 10.0.0.0/8,127.0.0.0/8."
        raise InvalidSettings("DURIAN_ALLOWED_NETWORKS", str(exc), hint=hint) from exc
    return RequestsSender(allowed_networks=networks)
