"""What a broker sent is cut into whole frames, however it arrives."""

from __future__ import annotations

import pytest
from pika import BasicProperties, frame, spec

from durian.broker.rabbit.frames import cut

BODY = b"\xce" * 300

#: A delivery, and a heartbeat behind it.
FRAMES = [
    frame.Method(1, spec.Basic.Deliver("c", 7, exchange="exchange", routing_key="key")).marshal(),
    frame.Header(1, len(BODY), BasicProperties(headers={"ce-id": "1"})).marshal(),
    frame.Body(1, BODY).marshal(),
    frame.Heartbeat().marshal(),
]


def test_whole_frames_are_cut_apart() -> None:
    assert cut(b"".join(FRAMES)) == (FRAMES, b"")


def test_nothing_is_nothing() -> None:
    assert cut(b"") == ([], b"")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 50, 301])
def test_frames_may_arrive_in_pieces_of_any_size(size: int) -> None:
    sent = b"".join(FRAMES)
    found: list[bytes] = []
    begun = b""
    for start in range(0, len(sent), size):
        frames, begun = cut(begun + sent[start : start + size])
        found += frames
    assert found == FRAMES
    assert begun == b""


def test_what_is_no_frame_is_handed_on_as_it_is() -> None:
    """A broker that speaks another version answers with a protocol header."""
    header = frame.ProtocolHeader(1, 0, 0).marshal()
    assert cut(header) == ([header], b"")
    assert cut(FRAMES[3] + header + FRAMES[3]) == ([FRAMES[3], header + FRAMES[3]], b"")
