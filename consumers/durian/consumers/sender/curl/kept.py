"""The connections that libcurl keeps for one listener, as far as their next request needs it."""

from __future__ import annotations

import select

import pycurl

#: A connection, by what tells it from others to the same host: the receiver's address, our port.
Ends = tuple[str, int]


class Kept:
    """What is known of connections that have carried requests."""

    __slots__ = ("_looks", "multiplexed")

    def __init__(self) -> None:
        #: True once the receiver has chosen HTTP/2, whose connections carry several at once.
        self.multiplexed = False
        #: Of those that carry one request at a time: the descriptor, and what looks at it.
        self._looks: dict[Ends, tuple[int, select.poll]] = {}

    def carried(self, ends: Ends, handle: pycurl.Curl) -> None:
        """A transfer has ended on a connection, which may carry the next one."""
        if handle.getinfo(pycurl.INFO_HTTP_VERSION) == pycurl.CURL_HTTP_VERSION_2_0:
            self.multiplexed = True
            return
        descriptor = handle.getinfo(pycurl.ACTIVESOCKET)
        known = self._looks.get(ends)
        if descriptor < 0:
            self._looks.pop(ends, None)
        elif known is None or known[0] != descriptor:
            look = select.poll()
            look.register(descriptor, select.POLLIN)
            self._looks[ends] = (descriptor, look)

    def is_stale(self, ends: Ends) -> bool:
        """Tell whether there is something to read on a connection although nothing was asked.

        That is the end of the stream, or a response sent in advance, which the next request would
        be taken to have. libcurl looks by itself, but not when it did within the last second.
        """
        known = self._looks.get(ends)
        return known is not None and bool(known[1].poll(0))
