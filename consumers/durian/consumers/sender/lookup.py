"""Looking names up within a time limit, which the operating system's resolver does not have."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from durian.consumers.sender.fault import Fault

#: Asks for the addresses of a name, as text, in the order to try them. Raises OSError.
Resolver = Callable[[str], Sequence[str]]

#: Lookups under way at once, each a thread; as many again may be of names that are slow. A name
#: server that does not answer holds a thread for up to half a minute.
MOST_LOOKUPS = 64

#: Seconds after which a lookup is slow: most take a tenth of it.
QUICK_S = 1.0

#: Slow names that are remembered.
_MOST_SLOW_NAMES = 10_000


def system_resolver(host: str) -> Sequence[str]:
    """Ask the operating system (hosts file, name servers) for all addresses of a name."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class _Search:
    """A lookup under way."""

    __slots__ = ("answer", "began_at", "share")

    def __init__(self, share: threading.Semaphore) -> None:
        self.answer: Future[Sequence[str]] = Future()
        self.began_at = time.monotonic()
        #: Where its thread counts.
        self.share = share


class Lookup:
    """Looks names up in threads of its own. No address is remembered once a lookup has ended.

    Attempts that ask for the same name at the same time share one lookup, so that a dead name
    holds one thread, however many deliveries wait for it. And names whose lookup takes long have
    threads of their own, so that many dead names keep no other from being looked up: whoever
    registers them by the dozen would fail everybody's deliveries.
    """

    def __init__(
        self,
        resolver: Resolver = system_resolver,
        most: int = MOST_LOOKUPS,
        quick_s: float = QUICK_S,
    ) -> None:
        self._resolver = resolver
        self._quick_s = quick_s
        self._quick = threading.BoundedSemaphore(most)
        self._slow = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._under_way: dict[str, _Search] = {}
        #: Names whose last lookup was slow, in the order in which that was seen.
        self._slow_names: dict[str, None] = {}

    def addresses(self, host: str, timeout_s: float) -> Sequence[str]:
        """Look a name up.

        Raises:
            Fault: of kind `dns`, when it has no address or none was found in time.
        """
        until = time.monotonic() + timeout_s
        try:
            found = self._wait(host, self._join(host, timeout_s), until)
        except TimeoutError as exc:
            raise Fault("dns", "no answer to the name lookup in time") from exc
        except (OSError, UnicodeError) as exc:
            raise Fault("dns", f"name lookup failed: {_reason(exc)}") from exc
        if not found:
            raise Fault("dns", "name lookup failed: it has no address")
        return found

    def _join(self, host: str, timeout_s: float) -> _Search:
        with self._lock:
            search = self._under_way.get(host)
            if search is not None:
                return search
            share = self._slow if host in self._slow_names else self._quick
            search = self._under_way[host] = _Search(share)
        self._start(host, search, timeout_s)
        return search

    def _wait(self, host: str, search: _Search, until: float) -> Sequence[str]:
        left_s = max(0.0, until - time.monotonic())
        try:
            return search.answer.result(min(left_s, self._quick_s))
        except TimeoutError:
            if search.answer.done():
                raise
        self._make_way(host, search)
        return search.answer.result(max(0.0, until - time.monotonic()))

    def _make_way(self, host: str, search: _Search) -> None:
        """Let a slow lookup count among the slow ones, if there is room."""
        with self._lock:
            self._slow_names[host] = None
            if len(self._slow_names) > _MOST_SLOW_NAMES:
                del self._slow_names[next(iter(self._slow_names))]
            under_way = self._under_way.get(host) is search
            if under_way and search.share is self._quick and self._slow.acquire(blocking=False):
                search.share = self._slow
                self._quick.release()

    def _start(self, host: str, search: _Search, timeout_s: float) -> None:
        if not search.share.acquire(timeout=max(0.0, timeout_s)):
            self._forget(host)
            search.answer.set_exception(TimeoutError("too many lookups are under way"))
            return
        name = f"durian-lookup-{host}"
        # A daemon: a lookup that hangs must not hold up the end of the process.
        thread = threading.Thread(target=self._look, args=(host, search), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError as exc:
            self._end(host, search)
            search.answer.set_exception(OSError(f"no thread for a lookup: {exc}"))

    def _look(self, host: str, search: _Search) -> None:
        try:
            found = self._resolver(host)
        except Exception as exc:  # noqa: BLE001 - handed to whoever waits for it
            self._end(host, search)
            search.answer.set_exception(exc)
        else:
            self._end(host, search)
            search.answer.set_result(found)

    def _end(self, host: str, search: _Search) -> None:
        with self._lock:
            del self._under_way[host]
            search.share.release()
            if time.monotonic() - search.began_at < self._quick_s:
                self._slow_names.pop(host, None)

    def _forget(self, host: str) -> None:
        with self._lock:
            del self._under_way[host]


def _reason(exc: OSError | UnicodeError) -> str:
    return getattr(exc, "strerror", None) or type(exc).__name__
