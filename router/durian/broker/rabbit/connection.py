"""A pika connection that writes in large pieces, and reads cheaply what comes most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pika import SelectConnection, frame
from pika.adapters.utils.connection_workflow import AMQPConnectionWorkflowAborted
from pika.adapters.utils.nbio_interface import AbstractStreamTransport

from durian.broker.rabbit.frames import cut
from durian.broker.rabbit.incoming import Delivery, confirm_in, delivery_in, is_begun, is_delivery
from durian.broker.rabbit.lenient import UNREADABLE, read_header

#: Bytes to collect before writing without waiting for the end of the turn.
_CHUNK_BYTES = 65_536

#: Bytes to receive by one system call: pika asks for 4,096, which are few messages.
_RECEIVE_BYTES = 65_536


class BufferedConnection(SelectConnection):
    """Collects frames: pika sends each by a system call of its own (three for one message)."""

    #: pika's: None before the connection is made, and once it is lost.
    _transport: AbstractStreamTransport | None
    #: pika's: what was received and not yet read.
    _frame_buffer: bytes
    #: pika's: its heartbeats look whether they grow.
    bytes_sent: int
    bytes_received: int
    #: pika's: how many bytes of a body one frame takes.
    _body_max_length: int
    _said: list[bytes] | None = None
    _said_bytes = 0
    #: The beginning of a frame that has not come as a whole.
    _begun = b""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        #: Who takes deliveries, by channel and consumer; all others are pika's to hand out.
        self.consumers: dict[tuple[int, bytes], Callable[[Delivery], None]] = {}
        #: Who is told of confirms, by channel: of a tag, and whether it means all up to that.
        self.publishers: dict[int, Callable[[int, bool], None]] = {}
        super().__init__(*arguments, **options)

    def abort(self) -> None:
        """Cut the connection that is being closed, when the broker does not answer."""
        if self._transport is not None:
            self._transport.abort()

    def _adapter_emit_data(self, data: bytes) -> None:
        """Take frames to send; the hook by which pika's adapters write."""
        if self._said is None:
            self._said = []
        if not self._said:
            self.ioloop.call_later(0, self._write)
        self._said.append(data)
        self._said_bytes += len(data)
        if self._said_bytes >= _CHUNK_BYTES:
            self._write()

    def _on_connection_workflow_done(self, conn_or_exc: object) -> None:
        """Learn how connecting ended: giving it up makes pika hand over a class, and stumble."""
        if conn_or_exc is AMQPConnectionWorkflowAborted:
            conn_or_exc = AMQPConnectionWorkflowAborted()
        super()._on_connection_workflow_done(conn_or_exc)  # type: ignore[misc]  # not in the stubs

    @property
    def body_most(self) -> int:
        """How many bytes of a body one frame takes."""
        return self._body_max_length

    def send(self, frames: bytes) -> None:
        """Send frames that need no answer, past pika; only on an open channel."""
        self.bytes_sent += len(frames)  # pika's heartbeats go by it
        self._adapter_emit_data(frames)

    def _proto_connection_made(self, transport: AbstractStreamTransport) -> None:
        """Begin to use a transport; the hook by which pika's adapters are given it."""
        transport._MAX_RECV_BYTES = _RECEIVE_BYTES  # type: ignore[attr-defined]  # noqa: SLF001  # pika has no setting
        super()._proto_connection_made(transport)  # type: ignore[misc]  # not in the stubs

    def _on_data_available(self, data_in: bytes) -> None:
        """Take what was received; the hook by which pika's adapters hand it over."""
        frames, self._begun = cut(self._begun + data_in)
        at = 0
        while at < len(frames):
            taken = self._take(frames, at)
            if not taken:
                self._begun = b"".join(frames[at:]) + self._begun
                return
            at += taken

    def _take(self, frames: list[bytes], at: int) -> int:
        """Take what begins with a frame: how many frames it took, 0 when more are to come."""
        each = frames[at]
        if is_delivery(each):
            delivery = delivery_in(frames, at)
            if delivery is not None:
                taker = self.consumers.get((delivery.channel, delivery.consumer))
                if taker is not None:
                    self.bytes_received += len(each)
                    taker(delivery)
                    return delivery.frames
            elif is_begun(frames, at):
                return 0
        elif (confirm := confirm_in(each)) is not None:
            told = self.publishers.get(confirm.channel)
            if told is not None:
                self.bytes_received += len(each)
                told(confirm.tag, confirm.several)
                return 1
        super()._on_data_available(each)  # type: ignore[misc]  # not in the stubs
        return 1

    def _read_frame(self) -> tuple[int, frame.Frame | frame.ProtocolHeader | None]:
        """Read the next frame; the hook by which pika reads.

        Also one with headers over which pika would end the connection.
        """
        try:
            return frame.decode_frame(self._frame_buffer)
        except UNREADABLE:
            header = read_header(self._frame_buffer)
            if header is None:
                raise
            return header

    def _write(self) -> None:
        said, self._said, self._said_bytes = self._said, [], 0
        if said and self._transport is not None:
            self._transport.write(b"".join(said))
