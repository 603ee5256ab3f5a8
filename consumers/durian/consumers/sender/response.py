"""A response head read strictly: what breaks off or is malformed is a failure, not a success.

The standard library takes `HTTP/1.1 200 OK` followed by the end of the stream for a complete
response, loops over any number of 1xx responses, reports 103 as the final one, and reads a chunk
size as Python reads an integer.
"""

from __future__ import annotations

import http.client
import re
from typing import Any, BinaryIO, cast

from durian.consumers.sender.fault import Fault

#: Bytes of a response head, all 1xx responses before it included; also of the lines between a
#: body's chunks together, and of its trailers. Common servers send less than 8 KiB.
LONGEST_HEAD_BYTES = 64 * 1024

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] [1-9][0-9]{2}(?: [^\r\n]*)?\r?\n")
_FIELD_LINE = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+:[^\r\n]*\r?\n")
_END_OF_HEAD = frozenset({b"\r\n", b"\n"})

#: A chunk of 4 GiB and more is no answer to a webhook.
_CHUNK_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,1024})?\r?\n")
_LONGEST_CHUNK_SIZE_LINE = 1100

_CONTENT_LENGTH = re.compile(r"[0-9]{1,15}")

_FINAL = 200
_SWITCHING_PROTOCOLS = 101


class _Lines:
    """The lines of a head, each checked, together bounded."""

    def __init__(self, fp: BinaryIO) -> None:
        self._fp = fp
        self._left = LONGEST_HEAD_BYTES
        self._at_status = True

    def readline(self, _limit: int = -1) -> bytes:
        line = self._fp.readline(self._left + 1)
        self._left -= len(line)
        if self._left < 0:
            raise Fault("protocol", "the response head is longer than 64 KiB")
        if not line.endswith(b"\n"):
            if not line and self._at_status and self._left == LONGEST_HEAD_BYTES:
                raise Fault("error", "the connection was closed without a response")
            raise Fault("protocol", "the connection was closed within the response head")
        self._check(line)
        return line

    def _check(self, line: bytes) -> None:
        if self._at_status:
            if _STATUS_LINE.fullmatch(line) is None:
                raise Fault("protocol", "the response has no HTTP/1 status line")
            self._at_status = False
        elif line in _END_OF_HEAD:
            self._at_status = True
        elif _FIELD_LINE.fullmatch(line) is None:
            raise Fault("protocol", "the response has a malformed header line")


class StrictResponse(http.client.HTTPResponse):
    """A response whose head is complete and unambiguous, or Fault."""

    fp: Any
    _chunk_lines_left = LONGEST_HEAD_BYTES

    def begin(self) -> None:
        """Read the head of the final response.

        Raises:
            Fault: it is incomplete, malformed, ambiguous or too long.
        """
        fp = self.fp
        self.fp = _Lines(cast("BinaryIO", fp))
        try:
            while True:
                self.headers = self.msg = cast("Any", None)
                super().begin()
                if self.status >= _FINAL:
                    break
                if self.status == _SWITCHING_PROTOCOLS:
                    raise Fault("protocol", "the receiver switched protocols unasked")
        finally:
            self.fp = fp
        self._check_framing()

    def _check_framing(self) -> None:
        lengths = self.headers.get_all("content-length", [])
        codings = self.headers.get_all("transfer-encoding", [])
        if len(lengths) > 1 or len(codings) > 1:
            raise Fault("protocol", "the response's length is given twice")
        if lengths and _CONTENT_LENGTH.fullmatch(lengths[0].strip()) is None:
            raise Fault("protocol", "the response has a malformed Content-Length")
        if codings and (lengths or not self.chunked):
            # Read as RFC 9112 says, but where the next response begins is anyone's guess.
            self.will_close = True

    def _read_next_chunk_size(self) -> int:
        line = self.fp.readline(_LONGEST_CHUNK_SIZE_LINE)
        self._chunk_lines_left -= len(line)
        if self._chunk_lines_left < 0:
            raise Fault("protocol", "the response says more about its chunks than they hold")
        size = _CHUNK_SIZE_LINE.fullmatch(line)
        if size is None:
            if line.endswith(b"\n") or len(line) >= _LONGEST_CHUNK_SIZE_LINE:
                raise Fault("protocol", "the response has a malformed chunk")
            raise http.client.IncompleteRead(line)
        return int(size[1], 16)

    def _read_and_discard_trailer(self) -> None:
        left = LONGEST_HEAD_BYTES
        while left > 0:
            line = self.fp.readline(left)
            left -= len(line)
            if not line or line in _END_OF_HEAD:
                return
        raise Fault("protocol", "the response's trailers are longer than 64 KiB")
