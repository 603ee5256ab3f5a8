"""A response head, read strictly from its lines, by whichever driver they come.

Drivers are lenient. libcurl takes a status of four digits, a length that no number holds, and a
head that breaks off between two lines for a complete one. The standard library takes `HTTP/1.1 200
OK` followed by the end of the stream for a complete response, loops over any number of 1xx
responses, and reports 103 as the final one.
"""

from __future__ import annotations

import re

from durian.consumers.sender import strict
from durian.consumers.sender.fault import Fault

#: How libcurl writes the status of HTTP/2, which has no such line. It has no reason either.
_HTTP2_STATUS_LINE = re.compile(rb"HTTP/2 ([1-9][0-9]{2}) \r\n")


class Head:
    """The head of the final response, and those of the interim ones before it.

    Args:
        http2: Whether the receiver may have chosen HTTP/2.
    """

    __slots__ = (
        *("_at_status", "_fields", "_http2", "_left"),
        *("chunked", "coded", "complete", "http10", "length", "status"),
    )

    def __init__(self, *, http2: bool) -> None:
        self.status = 0
        #: True once all of it is here: the receiver has decided.
        self.complete = False
        #: True when it is of HTTP/1.0, whose connections end with the response unless it says no.
        self.http10 = False
        #: True when its body comes in chunks, and in nothing else; or in any transfer coding.
        self.chunked = self.coded = False
        #: How many bytes it says that its body has.
        self.length: int | None = None
        self._fields: list[tuple[bytes, bytes]] = []
        self._at_status = True
        self._left = strict.LONGEST_HEAD_BYTES
        self._http2 = http2

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Its names and values, in their order."""
        return [
            (name.decode("latin-1"), value.strip(b" \t").decode("latin-1"))
            for name, value in self._fields
        ]

    def read(self, line: bytes) -> None:
        """Read the next line, complete with its end. Raises Fault."""
        self._left -= len(line)
        if self._left < 0:
            reason = strict.TRAILERS_TOO_LONG if self.complete else strict.HEAD_TOO_LONG
            raise Fault("protocol", reason)
        if self.complete:
            return  # a trailer, of which nothing is kept
        if self._at_status:
            self._read_status(line)
        elif line in strict.END_OF_HEAD:
            self._end()
        else:
            self._read_field(line)

    def _read_status(self, line: bytes) -> None:
        match = strict.STATUS_LINE.fullmatch(line)
        if match is None and self._http2:
            match = _HTTP2_STATUS_LINE.fullmatch(line)
        if match is None:
            raise Fault("protocol", strict.NO_STATUS_LINE)
        self.status = int(match[1])
        self.http10 = line.startswith(b"HTTP/1.0")
        if self.status == strict.SWITCHING_PROTOCOLS:
            raise Fault("protocol", strict.SWITCHED)
        self._fields = []
        self._at_status = False

    def _read_field(self, line: bytes) -> None:
        match = strict.FIELD_LINE.fullmatch(line)
        if match is None:
            self._read_fold(line)
            return
        if len(self._fields) >= strict.MOST_FIELDS:
            raise Fault("protocol", strict.TOO_MANY_FIELDS)
        self._fields.append((match[1], match[2]))

    def _read_fold(self, line: bytes) -> None:
        """Read the rest of a header line that was folded; libcurl joins them by itself."""
        if not self._fields or strict.FOLDED_LINE.fullmatch(line) is None:
            raise Fault("protocol", strict.BAD_FIELD_LINE)
        name, value = self._fields[-1]
        self._fields[-1] = (name, b"%b %b" % (value, line.strip()))

    def _end(self) -> None:
        self._at_status = True
        if self.status >= strict.FINAL:
            self._check_framing()
            self.complete = True
            # What follows is trailers.
            self._left = strict.LONGEST_HEAD_BYTES

    def _check_framing(self) -> None:
        lengths, codings = [], []
        for name, value in self._fields:
            lowered = name.lower()
            if lowered == b"content-length":
                lengths.append(value.strip(b" \t"))
            elif lowered == b"transfer-encoding":
                codings.append(value.strip(b" \t").lower())
        if len(lengths) > 1 or len(codings) > 1:
            raise Fault("protocol", strict.LENGTH_TWICE)
        if lengths and strict.CONTENT_LENGTH.fullmatch(lengths[0].decode("latin-1")) is None:
            raise Fault("protocol", strict.BAD_LENGTH)
        self.length = int(lengths[0]) if lengths else None
        self.coded = bool(codings)
        self.chunked = codings == [b"chunked"]
