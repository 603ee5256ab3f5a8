"""A response read strictly: what breaks off or is malformed is a failure, not a success.

The standard library is lenient with heads, and reads a chunk's size as Python reads an integer.
"""

from __future__ import annotations

import http.client
from http import HTTPStatus
from typing import Any

from durian.consumers.sender import strict
from durian.consumers.sender.fault import Fault
from durian.consumers.sender.head import Head

#: The statuses of responses that have no body, whatever they say.
_WITHOUT_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class StrictResponse(http.client.HTTPResponse):
    """A response whose head is complete and unambiguous, or Fault."""

    fp: Any
    _chunk_lines_left = strict.LONGEST_HEAD_BYTES

    def begin(self) -> None:
        """Read the head of the final response.

        Not by the standard library's parser, which is one for mail, and takes a fifth of all that a
        request takes.

        Raises:
            Fault: it is incomplete, malformed, ambiguous or too long.
        """
        head = Head(http2=False)
        begun = False
        while not head.complete:
            line = self.fp.readline(strict.LONGEST_HEAD_BYTES + 1)
            if not line.endswith(b"\n") and len(line) <= strict.LONGEST_HEAD_BYTES:
                raise _broken_off(line, begun=begun)
            head.read(line)
            begun = True
        self._take(head)

    def _take(self, head: Head) -> None:
        """Be what a head says."""
        self.code = self.status = head.status
        self.reason = ""
        self.version = 10 if head.http10 else 11
        self.headers = self.msg = http.client.HTTPMessage()
        for name, value in head.fields:
            self.headers.set_raw(name, value)
        self.chunked, self.chunk_left = head.chunked, None
        self.length = None if head.chunked else head.length
        if head.status in _WITHOUT_BODY:
            self.length = 0
        # A coding and a length, or a coding that we do not know, are read as RFC 9112 says, but
        # where the next response begins is anyone's guess.
        guess = head.coded and (head.length is not None or not head.chunked)
        endless = self.length is None and not head.chunked
        says_so = self._check_close()  # type: ignore[attr-defined]  # not in the stubs
        self.will_close = guess or endless or says_so

    def _read_next_chunk_size(self) -> int:
        line = self.fp.readline(strict.LONGEST_CHUNK_SIZE_LINE)
        self._chunk_lines_left -= len(line)
        if self._chunk_lines_left < 0:
            raise Fault("protocol", strict.CHUNKS_TOO_WORDY)
        size = strict.CHUNK_SIZE_LINE.fullmatch(line)
        if size is None:
            if line.endswith(b"\n") or len(line) >= strict.LONGEST_CHUNK_SIZE_LINE:
                raise Fault("protocol", strict.BAD_CHUNK)
            raise http.client.IncompleteRead(line)
        return int(size[1], 16)

    def _read_and_discard_trailer(self) -> None:
        left = strict.LONGEST_HEAD_BYTES
        while left > 0:
            line = self.fp.readline(left)
            left -= len(line)
            if not line or line in strict.END_OF_HEAD:
                return
        raise Fault("protocol", strict.TRAILERS_TOO_LONG)


def _broken_off(line: bytes, *, begun: bool) -> Fault:
    """What a line is that ends with the stream."""
    if begun:
        return Fault("protocol", strict.CLOSED_WITHIN)
    if line[:5] != b"HTTP/"[: len(line)]:
        return Fault("protocol", strict.NO_STATUS_LINE)
    # Not even one line, so nothing was said.
    return Fault("error", strict.CLOSED_BEFORE)
