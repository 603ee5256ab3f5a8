"""A pika connection that writes in large pieces, and reads large pieces cheaply."""

from __future__ import annotations

from pika import SelectConnection, frame
from pika.adapters.utils.connection_workflow import AMQPConnectionWorkflowAborted
from pika.adapters.utils.nbio_interface import AbstractStreamTransport

from durian.broker.rabbit.frames import cut
from durian.broker.rabbit.lenient import UNREADABLE, read_header

#: Bytes to collect before writing without waiting for the end of the turn.
_CHUNK_BYTES = 65_536


class BufferedConnection(SelectConnection):
    """Collects frames: pika sends each by a system call of its own (three for one message)."""

    #: pika's: None before the connection is made, and once it is lost.
    _transport: AbstractStreamTransport | None
    #: pika's: what was received and not yet read.
    _frame_buffer: bytes
    _said: list[bytes] | None = None
    _said_bytes = 0
    #: The beginning of a frame that has not come as a whole.
    _begun = b""

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

    def _on_data_available(self, data_in: bytes) -> None:
        """Take what was received; the hook by which pika's adapters hand it over."""
        frames, self._begun = cut(self._begun + data_in)
        for each in frames:
            super()._on_data_available(each)  # type: ignore[misc]  # not in the stubs

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
