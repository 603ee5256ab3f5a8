"""Looking names up within a time limit, which the operating system's resolver does not have."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from durian.consumers.sender.fault import Fault

#: Asks for the addresses of a name, as text, in the order to try them. Raises OSError.
Resolver = Callable[[str], Sequence[str]]

#: Lookups under way at once, each a thread: a name server that does not answer holds one for up to
#: half a minute, so the few names that hang must not use up the threads of all others.
MOST_LOOKUPS = 64

Addresses = Future[Sequence[str]]


def system_resolver(host: str) -> Sequence[str]:
    """Ask the operating system (hosts file, name servers) for all addresses of a name."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Lookup:
    """Looks names up in threads of its own. Nothing is remembered once a lookup has ended.

    Attempts that ask for the same name at the same time share one lookup, so that a dead name
    holds one thread, however many deliveries wait for it.
    """

    def __init__(self, resolver: Resolver = system_resolver, most: int = MOST_LOOKUPS) -> None:
        self._resolver = resolver
        self._free = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._under_way: dict[str, Addresses] = {}

    def addresses(self, host: str, timeout_s: float) -> Sequence[str]:
        """Look a name up.

        Raises:
            Fault: of kind `dns`, when it has no address or none was found in time.
        """
        lookup = self._join(host, timeout_s)
        try:
            found = lookup.result(max(0.0, timeout_s))
        except TimeoutError as exc:
            raise Fault("dns", "no answer to the name lookup in time") from exc
        except (OSError, UnicodeError) as exc:
            raise Fault("dns", f"name lookup failed: {_reason(exc)}") from exc
        if not found:
            raise Fault("dns", "name lookup failed: it has no address")
        return found

    def _join(self, host: str, timeout_s: float) -> Addresses:
        with self._lock:
            lookup = self._under_way.get(host)
            if lookup is not None:
                return lookup
            lookup = self._under_way[host] = Future()
        self._start(host, lookup, timeout_s)
        return lookup

    def _start(self, host: str, lookup: Addresses, timeout_s: float) -> None:
        if not self._free.acquire(timeout=max(0.0, timeout_s)):
            self._end(host)
            lookup.set_exception(TimeoutError("too many lookups are under way"))
            return
        name = f"durian-lookup-{host}"
        # A daemon: a lookup that hangs must not hold up the end of the process.
        thread = threading.Thread(target=self._look, args=(host, lookup), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError as exc:
            self._free.release()
            self._end(host)
            lookup.set_exception(OSError(f"no thread for a lookup: {exc}"))

    def _look(self, host: str, lookup: Addresses) -> None:
        try:
            found = self._resolver(host)
        except Exception as exc:  # noqa: BLE001 - handed to whoever waits for it
            self._end(host)
            lookup.set_exception(exc)
        else:
            self._end(host)
            lookup.set_result(found)
        finally:
            self._free.release()

    def _end(self, host: str) -> None:
        with self._lock:
            del self._under_way[host]


def _reason(exc: OSError | UnicodeError) -> str:
    return getattr(exc, "strerror", None) or type(exc).__name__
