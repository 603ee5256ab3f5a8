"""The Sender on requests: its adapter alone, without what its sessions do for browsers.

No session means no cookies, no redirects, no environment (proxies, `.netrc`, certificate bundles)
and no decoding. What the adapter does not do, the modules beside this one add: checked addresses,
one deadline, strict heads, bounded bodies.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from urllib3 import BaseHTTPResponse
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import HTTPError

from durian.consumers.sender.adapter import PooledAdapter, PooledRequest
from durian.consumers.sender.addresses import Guard, Network
from durian.consumers.sender.answer import KEPT_BODY_BYTES, Answer, outcome_of
from durian.consumers.sender.checked import check_headers, checked_url
from durian.consumers.sender.deadline import CURRENT, Deadline, Watchdog
from durian.consumers.sender.factory import PoolFactory
from durian.consumers.sender.fault import Fault
from durian.consumers.sender.lookup import Lookup, Resolver, system_resolver
from durian.consumers.sender.pools import PoolKey, Pools
from durian.consumers.sender.port import Done, Outcome, Request
from durian.consumers.sender.threads import Threads
from durian.consumers.sender.translate import fault_of
from durian.registry.url import Url

#: Threads for attempts that are quick; there are as many again for those that are not.
THREADS = 64

#: Seconds between two looks for idle connections.
_SWEEP_EVERY_S = 1.0


class RequestsSender:
    """Makes attempts with requests. Any thread may use it.

    Args:
        allowed_networks: Networks to call although they are not public (for this deployment).
        proxy_url: An egress proxy; see `PoolFactory`.
        ca_file: PEM file of the authorities that count; the public ones when it is None.
        resolver: Resolves names.
        threads: Attempts made side by side, each on a thread, while they are quick; there are as
            many threads again for those that are not.
        now: Tells the time, in seconds since the epoch (for dates in `Retry-After`).

    Raises:
        InvalidSettings: the proxy's URL or the file cannot be used.
    """

    def __init__(
        self,
        *,
        allowed_networks: Iterable[Network] = (),
        proxy_url: str | None = None,
        ca_file: str | None = None,
        resolver: Resolver = system_resolver,
        threads: int = THREADS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._guard = Guard(allowed_networks)
        self._factory = PoolFactory(Lookup(resolver), self._guard, proxy_url, ca_file)
        self._pools: Pools[HTTPConnectionPool] = Pools(self._factory.make)
        self._adapter = PooledAdapter()
        self._watchdog = Watchdog(self._pools.sweep, _SWEEP_EVERY_S)
        self._capacity = 2 * threads
        self._threads = Threads(self.send, self._capacity)
        self._now = now

    @property
    def capacity(self) -> int:
        """How many attempts it makes side by side."""
        return self._capacity

    def begin(self, request: Request, done: Done) -> None:
        """Make an attempt on a thread; see the port."""
        self._threads.begin(request, done)

    def send(self, request: Request) -> Outcome:
        """Make one attempt on the calling thread, and return its outcome; never raises."""
        started = time.monotonic()
        deadline = Deadline(started, request.timeout_s, request.connect_timeout_s)
        result: Answer | Fault
        try:
            with self._watchdog.watching(deadline):
                result = self._exchange(request)
        except Exception as exc:  # noqa: BLE001 - the port promises an outcome for every fault
            result = fault_of(exc)
        in_time = deadline.end()
        latency_s = time.monotonic() - started
        if not in_time:
            result = Fault("timeout", f"no complete response within {request.timeout_s:g} s")
        if isinstance(result, Fault):
            return Outcome(kind=result.kind, latency_s=latency_s, error=result.text)
        return outcome_of(request, result, latency_s, self._now())

    def forget(self, listener_id: str) -> None:
        """Close a listener's idle connections."""
        self._pools.forget(listener_id)

    def close(self) -> None:
        """Close all idle connections and stop watching deadlines."""
        self._threads.close()
        self._pools.close()
        self._watchdog.stop()

    def _exchange(self, request: Request) -> Answer:
        url = checked_url(request.url, self._guard, proxied=self._factory.proxied)
        headers = _headers(request)
        key = PoolKey(request.listener_id, url.scheme, url.host, url.port, request.tls)
        lent = self._pools.take(key)
        try:
            return self._post(lent.pool, url, headers, request.body)
        finally:
            self._pools.give_back(lent)

    def _post(
        self, pool: HTTPConnectionPool, url: Url, headers: dict[str, str], body: bytes
    ) -> Answer:
        whole = str(url)
        target = whole if self._factory.proxied and url.scheme == "http" else url.target
        deadline = CURRENT.get()
        timeout = (deadline.connect_remaining_s(), deadline.remaining_s())
        response: BaseHTTPResponse = self._adapter.send(
            PooledRequest(pool, whole, target, headers, body), stream=True, timeout=timeout
        ).raw
        try:
            kept = _kept_body(response)
            fields = tuple(response.headers.iteritems())
            return Answer(response.status, fields, kept, not response.closed)
        finally:
            if not response.closed:
                # What is left of the body is not read, so the connection cannot be used again.
                response.close()
                response.release_conn()


def _headers(request: Request) -> dict[str, str]:
    """Complete the headers, after a check that none of them can break the request apart."""
    check_headers(request)
    return {
        **request.headers,
        "Accept-Encoding": "identity",
        "Content-Length": str(len(request.body)),
    }


def _kept_body(response: BaseHTTPResponse) -> bytes:
    try:
        return response.read(KEPT_BODY_BYTES, decode_content=False)
    except HTTPError:
        # The head was complete: the receiver has decided, whatever became of its body.
        return b""
