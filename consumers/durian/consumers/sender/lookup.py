"""Looking names up within a time limit, which the operating system's resolver does not have."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait

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


class Search:
    """A lookup under way, or about to be."""

    __slots__ = ("answer", "began_at", "host", "share", "until")

    def __init__(self, host: str, until: float, share: _Share) -> None:
        self.host = host
        #: The addresses, or why there are none.
        self.answer: Future[Sequence[str]] = Future()
        self.began_at = time.monotonic()
        #: Until when somebody waits for it, in monotonic seconds.
        self.until = until
        #: Where its thread counts.
        self.share = share


class _Share:
    """So many threads, and the lookups that wait for one of them."""

    __slots__ = ("free", "waiting")

    def __init__(self, most: int) -> None:
        self.free = most
        self.waiting: deque[Search] = deque()


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
        #: Seconds after which `make_way` is to be called.
        self.quick_s = quick_s
        self._quick, self._slow = _Share(most), _Share(most)
        self._lock = threading.Lock()
        self._under_way: dict[str, Search] = {}
        #: Names whose last lookup was slow, in the order in which that was seen.
        self._slow_names: dict[str, None] = {}

    def addresses(self, host: str, timeout_s: float) -> Sequence[str]:
        """Look a name up, and wait for it.

        Raises:
            Fault: of kind `dns`, when it has no address or none was found in time.
        """
        until = time.monotonic() + timeout_s
        search = self.begin(host, until)
        wait([search.answer], min(timeout_s, self.quick_s))
        if not search.answer.done():
            self.make_way(search)
            wait([search.answer], max(0.0, until - time.monotonic()))
        return found(search.answer)

    def begin(self, host: str, until: float) -> Search:
        """Begin to look a name up, for somebody who waits `until` then, in monotonic seconds.

        Returns at once. The answer is given on another thread, which must not be held up. Call
        `make_way` when there is none after `quick_s`.
        """
        with self._lock:
            search = self._under_way.get(host)
            if search is not None:
                search.until = max(search.until, until)
                return search
            share = self._slow if host in self._slow_names else self._quick
            search = self._under_way[host] = Search(host, until, share)
            if not share.free:
                share.waiting.append(search)
                return search
            share.free -= 1
        self._start(search)
        return search

    def make_way(self, search: Search) -> None:
        """Let a slow lookup count among the slow ones, if there is room."""
        with self._lock:
            self._slow_names[search.host] = None
            if len(self._slow_names) > _MOST_SLOW_NAMES:
                del self._slow_names[next(iter(self._slow_names))]
            if search.answer.done() or search in self._quick.waiting:
                return
            if search.share is not self._quick or not self._slow.free:
                return
            self._slow.free -= 1
            search.share = self._slow
            following, given_up = self._free(self._quick)
        self._go_on(following, given_up)

    def _start(self, search: Search) -> None:
        name = f"durian-lookup-{search.host}"
        # A daemon: a lookup that hangs must not hold up the end of the process.
        thread = threading.Thread(target=self._look, args=(search,), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError as exc:
            self._end(search, OSError(f"no thread for a lookup: {exc}"))

    def _look(self, search: Search) -> None:
        try:
            addresses = self._resolver(search.host)
        except Exception as exc:  # noqa: BLE001 - handed to whoever waits for it
            self._end(search, exc)
        else:
            self._end(search, addresses)

    def _end(self, search: Search, answer: Sequence[str] | Exception) -> None:
        with self._lock:
            del self._under_way[search.host]
            if time.monotonic() - search.began_at < self.quick_s:
                self._slow_names.pop(search.host, None)
            following, given_up = self._free(search.share)
        if isinstance(answer, Exception):
            search.answer.set_exception(answer)
        else:
            search.answer.set_result(answer)
        self._go_on(following, given_up)

    def _free(self, share: _Share) -> tuple[Search | None, list[Search]]:
        """Give a thread back (called with the lock); who has it next, and who has not waited."""
        given_up: list[Search] = []
        while share.waiting:
            search = share.waiting.popleft()
            if search.until > time.monotonic():
                search.began_at = time.monotonic()
                return search, given_up
            del self._under_way[search.host]
            given_up.append(search)
        share.free += 1
        return None, given_up

    def _go_on(self, following: Search | None, given_up: list[Search]) -> None:
        for search in given_up:
            search.answer.set_exception(TimeoutError("too many lookups are under way"))
        if following is not None:
            self._start(following)


def found(answer: Future[Sequence[str]]) -> Sequence[str]:
    """The addresses that a lookup has found by now. Raises Fault, of kind `dns`."""
    try:
        addresses = answer.result(0)
    except TimeoutError as exc:
        raise Fault("dns", "no answer to the name lookup in time") from exc
    except (OSError, UnicodeError) as exc:
        raise Fault("dns", f"name lookup failed: {_reason(exc)}") from exc
    if not addresses:
        raise Fault("dns", "name lookup failed: it has no address")
    return addresses


def _reason(exc: OSError | UnicodeError) -> str:
    return getattr(exc, "strerror", None) or type(exc).__name__
