"""The connections that libcurl keeps for one listener, as far as their next request needs it."""

from __future__ import annotations

import select

import pycurl

#: A connection, by what tells it from others to the same host: the receiver's address, our port.
Ends = tuple[str, int]


class Kept:
    """What is known of connections that have carried requests."""

    __slots__ = ("_descriptors", "multiplexed")

    def __init__(self) -> None:
        #: True once the receiver has chosen HTTP/2, whose connections carry several at once.
        self.multiplexed = False
        #: Of those that carry one request at a time.
        self._descriptors: dict[Ends, int] = {}

    def carried(self, ends: Ends, handle: pycurl.Curl) -> None:
        """A transfer has ended on a connection, which may carry the next one."""
        if handle.getinfo(pycurl.INFO_HTTP_VERSION) == pycurl.CURL_HTTP_VERSION_2_0:
            self.multiplexed = True
            return
        descriptor = handle.getinfo(pycurl.ACTIVESOCKET)
        if descriptor >= 0:
            self._descriptors[ends] = descriptor
        else:
            self._descriptors.pop(ends, None)

    def is_stale(self, ends: Ends) -> bool:
        """Tell whether there is something to read on a connection although nothing was asked.

        That is the end of the stream, or a response sent in advance, which the next request would
        be taken to have. libcurl looks by itself, but not when it did within the last second.
        """
        descriptor = self._descriptors.get(ends)
        if descriptor is None:
            return False
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))
