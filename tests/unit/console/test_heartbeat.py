"""A heartbeat tells that a process lives and that its broker answers."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from durian.broker.port import Broker, QueueState
from durian.console import heartbeat
from durian.console.heartbeat import HealthFile, Heartbeat, Unhealthy, check
from durian.errors import BrokerError, BrokerUnavailable, InvalidSettings


class Answering:
    """The part of a broker that a heartbeat asks: it answers, or an error."""

    def __init__(self, answer: QueueState | BrokerError) -> None:
        self.answer = answer
        self.asked = threading.Semaphore(0)

    def inspect(self, _queue: str, done: Callable[[QueueState | BrokerError], None]) -> None:
        done(self.answer)
        self.asked.release()


def beating(path: Path, answer: QueueState | BrokerError) -> tuple[Heartbeat, Answering]:
    broker = Answering(answer)
    file = HealthFile(path)
    file.touch()
    return Heartbeat(cast("Broker", broker), "durian.route", file.touch), broker


@pytest.mark.parametrize(
    ("answer", "touched"), [(QueueState(ready=7, consumers=0), True), (BrokerUnavailable(), False)]
)
def test_the_file_is_touched_only_when_the_broker_answers(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: QueueState | BrokerError,
    *,
    touched: bool,
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_S", 0.001)
    path = tmp_path / "health"
    beat, broker = beating(path, answer)
    beat.start()
    broker.asked.acquire()
    os.utime(path, (0, 0))
    while broker.asked.acquire(blocking=False):
        pass  # what was asked before tells nothing
    for _ in range(2):  # what follows on the first answer is done when it is asked again
        assert broker.asked.acquire(timeout=10)
    assert (path.stat().st_mtime > 0) is touched
    beat.stop()


def test_a_process_that_has_stopped_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "health"
    file = HealthFile(path)
    assert not path.exists()
    file.touch()
    assert path.exists()
    file.remove()
    file.touch()  # an answer that came late
    assert not path.exists()


def test_a_file_that_cannot_be_touched_any_more_grows_old(tmp_path: Path) -> None:
    file = HealthFile(tmp_path / "folder" / "health")
    (tmp_path / "folder").rmdir()
    file.touch()
    with pytest.raises(Unhealthy):
        check(tmp_path / "folder" / "health")


def test_a_fresh_heartbeat_is_healthy_and_an_old_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "health"
    path.touch()
    assert check(path) < heartbeat.STALE_S
    os.utime(path, (0, 0))
    with pytest.raises(Unhealthy, match="s old"):
        check(path)


def test_a_process_that_is_not_there_is_not_healthy(tmp_path: Path) -> None:
    with pytest.raises(Unhealthy, match="no heartbeat file"):
        check(tmp_path / "health")


def test_what_cannot_be_written_or_read_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidSettings, match="cannot be written"):
        HealthFile(tmp_path / "file" / "health")
    with pytest.raises(InvalidSettings, match="cannot be read"):
        check(tmp_path / "file" / "health")
    with pytest.raises(InvalidSettings, match="is not set"):
        check(None)
