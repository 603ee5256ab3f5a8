"""The Sender on libcurl: attempts are transfers on the broker's loop, and cost no thread.

What libcurl does not do as strictly as we want, the modules beside this one do: they look names up
and check addresses, read the head and the chunks, and keep a listener's connections to itself.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import certifi

from durian.consumers.sender.addresses import Guard, Network
from durian.consumers.sender.answer import Answer, outcome_of
from durian.consumers.sender.checked import check_headers, checked_url
from durian.consumers.sender.curl.capacity import capacity
from durian.consumers.sender.curl.connections import Connections
from durian.consumers.sender.curl.multi import Loop, Multi, Timer
from durian.consumers.sender.curl.options import Options
from durian.consumers.sender.curl.transfer import Order, Transfer
from durian.consumers.sender.curl.translate import unforeseen
from durian.consumers.sender.dialing import check, choose
from durian.consumers.sender.fault import Fault
from durian.consumers.sender.lookup import Lookup, Resolver, Search, found, system_resolver
from durian.consumers.sender.pools import Lent, PoolKey, Pools
from durian.consumers.sender.port import Done, Outcome, Request
from durian.consumers.sender.proxy import Proxy
from durian.consumers.sender.tls import check_ca_file

_log = logging.getLogger(__name__)

#: Seconds between two looks for idle connections.
_SWEEP_EVERY_S = 1.0

#: Seconds that closing waits for the loop.
_CLOSE_PATIENCE_S = 10.0


class CurlSender:
    """Makes attempts with libcurl. Any thread may use it.

    Args:
        loop: Where all of it happens: the broker. It has to run until the sender is closed.
        allowed_networks: Networks to call although they are not public (for this deployment).
        proxy_url: An egress proxy (`http://[user:password@]host:port`) for every request. Then
            names are resolved by it, and it decides which addresses may be called.
        ca_file: PEM file of the authorities that count; the public ones when it is None.
        resolver: Resolves names.
        now: Tells the time, in seconds since the epoch (for dates in `Retry-After`).

    Raises:
        InvalidSettings: the proxy's URL or the file cannot be used.
    """

    def __init__(
        self,
        loop: Loop,
        *,
        allowed_networks: Iterable[Network] = (),
        proxy_url: str | None = None,
        ca_file: str | None = None,
        resolver: Resolver = system_resolver,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._proxy = Proxy.of(proxy_url) if proxy_url else None
        if ca_file:
            check_ca_file(ca_file)
        self._loop = loop
        self._guard = Guard(allowed_networks)
        make = partial(
            Connections,
            Options(self._proxy, ca_file or certifi.where()),
            self._guard.allows if self._proxy is None else None,
        )
        self._lookup = Lookup(resolver)
        self._capacity = capacity()
        # Each may hold as many idle connections as a listener had attempts under way.
        self._pools = Pools(make, most=max(1, self._capacity // 4))
        self._now = now
        self._begun: deque[tuple[Request, Done, float]] = deque()
        self._called = False
        self._closed = False
        self._under_way: dict[Transfer, Lent[Connections]] = {}
        self._multi = Multi(loop)
        self._sweeping: Timer = loop.call_later(_SWEEP_EVERY_S, self._sweep)

    @property
    def capacity(self) -> int:
        """How many attempts it makes side by side."""
        return self._capacity

    def begin(self, request: Request, done: Done) -> None:
        """Begin an attempt on the loop; see the port."""
        self._begun.append((request, done, time.monotonic()))
        self._wake()

    def forget(self, listener_id: str) -> None:
        """Close a listener's idle connections."""
        self._loop.call(partial(self._pools.forget, listener_id))

    def close(self) -> None:
        """End all attempts, and close all connections. Not on the loop. Harmless twice."""
        closed = threading.Event()

        def close() -> None:
            try:
                self._close()
            finally:
                self._loop.call(closed.set)  # behind what closing has asked of the loop

        self._loop.call(close)
        if not closed.wait(_CLOSE_PATIENCE_S):
            _log.warning("sender.close_incomplete")

    # Everything below runs on the loop.

    def _wake(self) -> None:
        """Have what was begun taken up: one call of the loop for all of it."""
        if not self._called:
            self._called = True
            self._loop.call(self._take_up)

    def _take_up(self) -> None:
        # First, so that what is begun from now on wakes the loop again.
        self._called = False
        for _ in range(len(self._begun)):
            self._start(*self._begun.popleft())
        if not self._closed:
            self._multi.go_on()

    def _start(self, request: Request, done: Done, started: float) -> None:
        if self._closed:
            self._tell(request, done, started, _CLOSED)
            return
        try:
            url = checked_url(request.url, self._guard, proxied=self._proxy is not None)
            check_headers(request)
            key = PoolKey(request.listener_id, url.scheme, url.host, url.port, request.tls)
            transfer = self._take(key)
        except Exception as exc:  # noqa: BLE001 - the port promises an outcome for every fault
            self._tell(request, done, started, unforeseen(exc))
            return
        order = Order(request, done, started, url)
        self._guarded(transfer, partial(self._begin, transfer, order))

    def _take(self, key: PoolKey) -> Transfer:
        """Take a transfer of its key's connections."""
        lent = self._pools.take(key)
        try:
            transfer = lent.pool.take()
        except BaseException:
            self._pools.give_back(lent)
            raise
        self._under_way[transfer] = lent
        return transfer

    def _guarded(self, transfer: Transfer, step: Callable[[], None]) -> None:
        """Take a step of an attempt, or end it: whatever happens, it has an outcome."""
        try:
            step()
        except Exception as exc:  # noqa: BLE001 - as above
            self._end(transfer, unforeseen(exc))

    def _begin(self, transfer: Transfer, order: Order) -> None:
        transfer.begin(order)
        self._go(transfer)

    def _go(self, transfer: Transfer, addresses: Sequence[str] = ()) -> None:
        transfer.set_up(addresses)
        self._multi.add(transfer.handle, partial(self._arrived, transfer))

    def _arrived(self, transfer: Transfer, code: int, text: str) -> None:
        """Libcurl has ended it."""
        if transfer.unresolved:
            self._guarded(transfer, partial(self._look_up, transfer))
        elif transfer.again:
            self._guarded(transfer, partial(self._go, transfer))
        else:
            self._end(transfer, transfer.result(code, text))

    # Names

    def _look_up(self, transfer: Transfer) -> None:
        """There is no connection that serves: find out whereto one may be made."""
        connect_by = transfer.order.connect_by
        search = self._lookup.begin(transfer.hop.host, connect_by)
        waiting = _Waiting(transfer, search)
        waiting.timers = [
            self._loop.call_later(self._lookup.quick_s, partial(self._lookup.make_way, search)),
            self._loop.call_later(connect_by - time.monotonic(), partial(self._looked_up, waiting)),
        ]
        search.answer.add_done_callback(
            lambda _: self._loop.call(partial(self._looked_up, waiting))
        )

    def _looked_up(self, waiting: _Waiting) -> None:
        """Its name has been looked up, or the time for that has passed."""
        if waiting.over:
            return
        waiting.end()
        if waiting.transfer in self._under_way:  # else the sender was closed
            self._guarded(waiting.transfer, partial(self._connect, waiting))
            self._multi.go_on()

    def _connect(self, waiting: _Waiting) -> None:
        addresses = found(waiting.search.answer)
        check(addresses, None if self._proxy else self._guard)
        self._go(waiting.transfer, choose(addresses))

    # Ends

    def _end(self, transfer: Transfer, result: Answer | Fault) -> None:
        order, lent = transfer.order, self._under_way.pop(transfer)
        lent.pool.give_back(transfer)
        self._pools.give_back(lent)
        self._tell(order.request, order.done, order.started, result)

    def _tell(self, request: Request, done: Done, started: float, result: Answer | Fault) -> None:
        latency_s = time.monotonic() - started
        if isinstance(result, Fault):
            done(Outcome(kind=result.kind, latency_s=latency_s, error=result.text))
        else:
            done(outcome_of(request, result, latency_s, self._now()))

    def _sweep(self) -> None:
        self._pools.sweep()
        self._sweeping = self._loop.call_later(_SWEEP_EVERY_S, self._sweep)

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._sweeping.cancel()
        for transfer in list(self._under_way):
            self._multi.drop(transfer.handle)
            self._end(transfer, _CLOSED)
        self._pools.close()
        self._multi.close()


#: What becomes of attempts when it is closed.
_CLOSED = Fault("error", "the sender was closed")


class _Waiting:
    """A transfer that waits for its name to be looked up."""

    __slots__ = ("over", "search", "timers", "transfer")

    def __init__(self, transfer: Transfer, search: Search) -> None:
        self.transfer = transfer
        self.search = search
        self.timers: list[Timer] = []
        self.over = False

    def end(self) -> None:
        """Wait no longer."""
        self.over = True
        for timer in self.timers:
            timer.cancel()
