"""The chunks of a body, read strictly as they come: libcurl passes them on as they are."""

from __future__ import annotations

from durian.consumers.sender import strict
from durian.consumers.sender.fault import Fault

_END_OF_CHUNK = b"\r\n"


class Chunks:
    """Takes a body that comes in chunks apart."""

    __slots__ = ("_buffer", "_left", "_lines_left", "_trailers_left", "ended")

    def __init__(self) -> None:
        #: True once the last chunk and its trailers are here.
        self.ended = False
        self._buffer = b""
        #: Bytes of the current chunk that are still to come, its end included; 0 before the next.
        self._left = 0
        self._lines_left = strict.LONGEST_HEAD_BYTES
        #: Set once the last chunk is here.
        self._trailers_left: int | None = None

    def read(self, data: bytes) -> bytes:
        """Read more; returns what it holds. Raises Fault."""
        data = self._buffer + data
        self._buffer = b""
        parts: list[bytes] = []
        at = 0
        while at < len(data) and not self.ended:
            if self._left:
                at = self._read_chunk(data, at, parts)
                continue
            end = data.find(b"\n", at) + 1
            if not end:
                self._keep(data[at:])
                break
            self._read_line(data[at:end])
            at = end
        return b"".join(parts)

    def _read_chunk(self, data: bytes, at: int, parts: list[bytes]) -> int:
        """Read of the current chunk what is here, and where it ends."""
        rest = data[at : at + self._left]
        if self._left > len(_END_OF_CHUNK):
            part = rest[: self._left - len(_END_OF_CHUNK)]
            parts.append(part)
            self._left -= len(part)
            return at + len(part)
        if rest != _END_OF_CHUNK[-self._left :][: len(rest)]:
            raise Fault("protocol", strict.BAD_CHUNK)
        self._left -= len(rest)
        return at + len(rest)

    def _read_line(self, line: bytes) -> None:
        if self._trailers_left is not None:
            self._count_trailer(line)
            self.ended = line in strict.END_OF_HEAD
            return
        size = strict.CHUNK_SIZE_LINE.fullmatch(line)
        if size is None or len(line) > strict.LONGEST_CHUNK_SIZE_LINE:
            raise Fault("protocol", strict.BAD_CHUNK)
        self._lines_left -= len(line)
        if self._lines_left < 0:
            raise Fault("protocol", strict.CHUNKS_TOO_WORDY)
        self._left = int(size[1], 16)
        if self._left:
            self._left += len(_END_OF_CHUNK)
        else:
            self._trailers_left = strict.LONGEST_HEAD_BYTES

    def _keep(self, beginning: bytes) -> None:
        """Keep the beginning of a line until its end is here."""
        if self._trailers_left is None and len(beginning) > strict.LONGEST_CHUNK_SIZE_LINE:
            raise Fault("protocol", strict.BAD_CHUNK)
        if self._trailers_left is not None and len(beginning) > self._trailers_left:
            raise Fault("protocol", strict.TRAILERS_TOO_LONG)
        self._buffer = beginning

    def _count_trailer(self, line: bytes) -> None:
        self._trailers_left = (self._trailers_left or 0) - len(line)
        if self._trailers_left < 0:
            raise Fault("protocol", strict.TRAILERS_TOO_LONG)
