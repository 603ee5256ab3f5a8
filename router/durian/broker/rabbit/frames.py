"""Cutting what a broker sent into frames, before pika reads them one by one.

pika copies whatever lies behind a frame each time that it has read one. With some hundred frames
received at once that costs more than reading them.
"""

from __future__ import annotations

import struct

from pika import spec

#: Type, channel and size of a frame (AMQP 0-9-1, 4.2.3); its content and an end mark follow.
_HEAD = struct.Struct(">BHL")

#: The types there are. What else begins otherwise (a protocol header) is pika's to understand.
_TYPES = frozenset(
    {spec.FRAME_METHOD, spec.FRAME_HEADER, spec.FRAME_BODY, spec.FRAME_HEARTBEAT},
)


def cut(received: bytes) -> tuple[list[bytes], bytes]:
    """Return the frames that have come as a whole, and the beginning of the next one."""
    frames: list[bytes] = []
    start, length = 0, len(received)
    while length - start >= _HEAD.size:
        kind, _, size = _HEAD.unpack_from(received, start)
        if kind not in _TYPES:
            return [*frames, received[start:]], b""
        end = start + _HEAD.size + size + spec.FRAME_END_SIZE
        if end > length:
            break
        frames.append(received[start:end])
        start = end
    return frames, received[start:]
