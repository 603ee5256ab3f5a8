"""What arrives is told in its order, whoever reads it, and however it is cut."""

from __future__ import annotations

import random

import pytest
from pika import BasicProperties, frame, spec

from durian.broker.rabbit.connection import BufferedConnection


class Unconnected(BufferedConnection):
    """A connection that only reads, and notes whom it told of what."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []
        self.bytes_received = 0
        self._frame_buffer = b""
        self.publishers = {2: lambda tag, several: self.told.append(("confirmed", tag, several))}
        self.consumers = {
            (1, b"c"): lambda each: self.told.append(("taken", each.tag, each.message.body))
        }

    def _process_frame(self, read: frame.Frame) -> None:
        self.told.append(("pika", type(read).__name__, read.channel_number))


def delivered(tag: int, body: bytes = b"{}", consumer: str = "c", **headers: int) -> list[bytes]:
    method = spec.Basic.Deliver(consumer, tag, exchange="x", routing_key="key")
    properties = BasicProperties(headers={"ce-id": "1", **headers})
    frames = [frame.Method(1, method), frame.Header(1, len(body), properties)]
    return [each.marshal() for each in [*frames, *[frame.Body(1, body)] * bool(body)]]


PIKAS: list[tuple[object, ...]] = [("pika", kind, 1) for kind in ("Method", "Header", "Body")]

#: Frames, and what is told of them.
SCRIPT: list[tuple[list[bytes], list[tuple[object, ...]]]] = [
    (delivered(1), [("taken", 1, b"{}")]),
    ([frame.Heartbeat().marshal()], [("pika", "Heartbeat", 0)]),
    ([frame.Method(2, spec.Basic.Ack(7, multiple=True)).marshal()], [("confirmed", 7, True)]),
    ([frame.Method(2, spec.Basic.Nack(8)).marshal()], [("pika", "Method", 2)]),
    ([frame.Method(3, spec.Basic.Ack(9)).marshal()], [("pika", "Method", 3)]),
    (delivered(2, number=5), PIKAS),
    (delivered(3, consumer="stranger"), PIKAS),
    (delivered(4, b""), [("taken", 4, b"")]),
    (delivered(5, b"\xce" * 5000), [("taken", 5, b"\xce" * 5000)]),
]


@pytest.mark.parametrize("seed", range(20))
def test_everything_is_told_in_its_order_however_it_is_cut(seed: int) -> None:
    rng = random.Random(seed)
    parts = rng.choices(SCRIPT, k=60)
    sent = b"".join(each for frames, _ in parts for each in frames)
    connection = Unconnected()
    largest, at = rng.choice([1, 10, 100, 5000, 100_000]), 0
    while at < len(sent):
        size = rng.randint(1, largest)
        connection._on_data_available(sent[at : at + size])
        at += size
    assert connection.told == [told for _, all_told in parts for told in all_told]
