"""Snapshots: what cannot be used is refused, and nothing is left half done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from durian.errors import SnapshotUnusable
from durian.events import Event
from durian.match import Filter, Index

FORMS: list[dict[str, Any]] = [
    {"name": "Joe"},
    {"name": "Joe", "vip": True},
    {"name": "Joe", "state": {"not": "lost"}},
    {"name": {"startswith": "J"}},
    {"name": {"endswith-ignore-case": "OE"}},
    {"name": {"contains": "o"}},
    {"name": {"contains": "Joe"}},
    {"name": {"like": "^Joe$"}},
    {"name": {"like": "J|x"}},
    {"ip": {"cidr": "10.0.0.0/8"}},
    {"total": {"gt": 1}},
    {"total": {"between": [1, 9]}},
    {"name": {"in": ["Joe", "Bo"]}},
    {"name": {"exists": True}},
    {"@source": "/shop"},
    {"name": {"not": "Bo"}},
    {"name": {"anything-but": "Bo"}},
    {},
]
EVENT = Event(
    type="order.paid",
    source="/shop",
    data={"name": "Joe", "vip": True, "ip": "10.1.1.1", "total": 5, "state": "new"},
)


@pytest.fixture
def index() -> Index:
    filled = Index()
    for number in range(100):
        for at, form in enumerate(FORMS):
            filled.add(f"listener-{at}-{number}", ("#", "order.*")[number % 2], Filter.parse(form))
    return filled


def test_everybody_is_back_and_can_leave(index: Index, tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    index.save(path, "version 7")
    restored, mark = Index.restore(path)
    assert mark == "version 7"
    assert sorted(restored.match(EVENT)) == sorted(index.match(EVENT))
    assert len(restored.match(EVENT)) == len(index) == 100 * len(FORMS)
    for at in range(len(FORMS)):
        for number in range(100):
            restored.remove(f"listener-{at}-{number}")
    assert restored.is_empty()


def test_a_restored_index_takes_changes(index: Index, tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    index.save(path)
    restored, _ = Index.restore(path)
    for at, form in enumerate(FORMS):
        restored.add(f"listener-{at}-0", "#", Filter(name="nobody"))
        restored.add(f"new-{at}", "#", Filter.parse(form))
    found = set(restored.match(EVENT))
    assert {f"new-{at}" for at in range(len(FORMS))} <= found
    assert not any(f"listener-{at}-0" in found for at in range(len(FORMS)))


def test_saving_replaces_and_leaves_nothing_else_behind(index: Index, tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    path.write_text("something older")
    index.save(path)
    Index().save(path, "empty")
    assert list(tmp_path.iterdir()) == [path]
    restored, mark = Index.restore(path)
    assert (len(restored), mark) == (0, "empty")


def test_a_failed_save_leaves_what_was_there(index: Index, tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    path.mkdir()
    with pytest.raises(OSError, match="snapshot"):
        index.save(path)
    assert list(tmp_path.iterdir()) == [path]


def spoilt(whole: bytes) -> dict[str, bytes]:
    head, rest = whole.split(b"\n", 1)
    about = json.loads(head)
    return {
        "empty": b"",
        "nonsense": b"nonsense\n" * 100,
        "not an object": b"7\n" + rest,
        "cut": whole[:-10],
        "cut in the head": head[:20],
        "one bit": whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:],
        "another format": json.dumps(about | {"durian-index": 0}).encode() + b"\n" + rest,
        "another python": json.dumps(about | {"python": [3, 1]}).encode() + b"\n" + rest,
        "another size": json.dumps(about | {"listeners": 1}).encode() + b"\n" + rest,
    }


@pytest.mark.parametrize("how", list(spoilt(b"{}\n" + b"0" * 100)))
def test_a_spoilt_file_is_refused(index: Index, tmp_path: Path, how: str) -> None:
    path = tmp_path / "snapshot"
    index.save(path)
    path.write_bytes(spoilt(path.read_bytes())[how])
    with pytest.raises(SnapshotUnusable, match="cannot be used"):
        Index.restore(path)


def test_no_file_is_refused_too(tmp_path: Path) -> None:
    with pytest.raises(SnapshotUnusable):
        Index.restore(tmp_path / "absent")
