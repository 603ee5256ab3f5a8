"""A response head read strictly: what breaks off or is malformed is a failure, not a success.

The standard library takes `HTTP/1.1 200 OK` followed by the end of the stream for a complete
response, loops over any number of 1xx responses, reports 103 as the final one, and reads a chunk
size as Python reads an integer.
"""

from __future__ import annotations

import http.client
from typing import Any, BinaryIO, cast

from durian.consumers.sender import strict
from durian.consumers.sender.fault import Fault


class _Lines:
    """The lines of a head, each checked, together bounded."""

    def __init__(self, fp: BinaryIO) -> None:
        self._fp = fp
        self._left = strict.LONGEST_HEAD_BYTES
        self._at_status = True
        self._may_fold = False

    def readline(self, _limit: int = -1) -> bytes:
        line = self._fp.readline(self._left + 1)
        self._left -= len(line)
        if self._left < 0:
            raise Fault("protocol", strict.HEAD_TOO_LONG)
        if not line.endswith(b"\n"):
            raise self._broken_off(line)
        self._check(line)
        return line

    def _broken_off(self, line: bytes) -> Fault:
        if self._left + len(line) < strict.LONGEST_HEAD_BYTES:
            return Fault("protocol", strict.CLOSED_WITHIN)
        if line[:5] != b"HTTP/"[: len(line)]:
            return Fault("protocol", strict.NO_STATUS_LINE)
        # Not even one line, so nothing was said.
        return Fault("error", strict.CLOSED_BEFORE)

    def _check(self, line: bytes) -> None:
        if self._at_status:
            if strict.STATUS_LINE.fullmatch(line) is None:
                raise Fault("protocol", strict.NO_STATUS_LINE)
            self._at_status = False
            self._may_fold = False
        elif line in strict.END_OF_HEAD:
            self._at_status = True
        elif strict.FIELD_LINE.fullmatch(line) is not None:
            self._may_fold = True
        elif not (self._may_fold and strict.FOLDED_LINE.fullmatch(line)):
            raise Fault("protocol", strict.BAD_FIELD_LINE)


class StrictResponse(http.client.HTTPResponse):
    """A response whose head is complete and unambiguous, or Fault."""

    fp: Any
    _chunk_lines_left = strict.LONGEST_HEAD_BYTES

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
                if self.status >= strict.FINAL:
                    break
                if self.status == strict.SWITCHING_PROTOCOLS:
                    raise Fault("protocol", strict.SWITCHED)
        finally:
            self.fp = fp
        self._check_framing()

    def _check_framing(self) -> None:
        lengths = self.headers.get_all("content-length", [])
        codings = self.headers.get_all("transfer-encoding", [])
        if len(lengths) > 1 or len(codings) > 1:
            raise Fault("protocol", strict.LENGTH_TWICE)
        if lengths and strict.CONTENT_LENGTH.fullmatch(lengths[0].strip()) is None:
            raise Fault("protocol", strict.BAD_LENGTH)
        if codings and (lengths or not self.chunked):
            # Read as RFC 9112 says, but where the next response begins is anyone's guess.
            self.will_close = True

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
