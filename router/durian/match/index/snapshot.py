"""Snapshots: an index as a file, so that a router has a million listeners again within seconds.

A file is one line of JSON about it, then blobs of Python's marshal, each with its size in front.
Listeners that need only their key are written as they are filed, the others with their filter. It
is a cache: whatever is wrong with it, the registry has all that it says.
"""

from __future__ import annotations

import functools
import hashlib
import json
import marshal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeVar

from durian.errors import SnapshotUnusable
from durian.match.condition import Condition
from durian.match.index.lookup import Ids, Lookup
from durian.match.index.paths import Path
from durian.match.index.posting import Filed
from durian.match.index.shapes import Shape
from durian.match.writing import write

if TYPE_CHECKING:
    from durian.match.index.index import Index

_T = TypeVar("_T")

#: Changes when a file of before could be misread.
FORMAT = 4

#: Listeners in one blob: writing one holds up other threads for a few milliseconds.
_BLOB = 16_384

#: Bytes in front of a blob that say its size.
_SIZE = 8


class Group(NamedTuple):
    """Listeners of one lookup."""

    #: The event pattern.
    pattern: str
    #: The lookup's kind, its path, and all paths when it is a shape.
    kind: str
    path: Path
    paths: tuple[Path, ...]
    arguments: list[str]
    #: For each argument, who is filed under it.
    items: list[Ids]
    #: For each argument, what is left to be checked, as JSON; empty where nothing is.
    left: list[str]


def save(index: Index, path: FilePath, mark: str) -> None:
    """Write an index to a file, in place of the one that is there."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
        try:
            head = _head(mark, len(index))
            file.write(head + bytes(hashlib.blake2b().digest_size))
            digest = hashlib.blake2b(head)
            for blob in _blobs(index):
                part = len(blob).to_bytes(_SIZE, "big") + blob
                digest.update(part)
                file.write(part)
            file.seek(len(head))
            file.write(digest.digest())
            file.close()
            FilePath(file.name).replace(path)
        except BaseException:
            FilePath(file.name).unlink()
            raise


def restore(index: Index, path: FilePath) -> str:
    """Fill an empty index from a file, and give its mark. Raises SnapshotUnusable."""
    try:
        with path.open("rb") as file:
            mark = _check(file)
            for blob in _read(file):
                kind, content = marshal.loads(blob)  # noqa: S302 (our own file, checked above)
                if kind == "groups":
                    index.refill(Group(*content))
                else:
                    index.load(content)
    except (OSError, ValueError, EOFError, TypeError) as exc:
        raise SnapshotUnusable(f"{path} cannot be used: {exc}.") from exc
    return mark


def _head(mark: str, size: int) -> bytes:
    about = {
        "durian-index": FORMAT,
        "python": list(sys.version_info[:2]),
        "marshal": marshal.version,
        "listeners": size,
        "mark": mark,
    }
    return json.dumps(about).encode() + b"\n"


def _check(file: BinaryIO) -> str:
    """Check all of a file before anything in it is believed, and give its mark."""
    head = file.readline(64 * 1024)
    about = json.loads(head)
    if not isinstance(about, dict):
        raise TypeError("it is no snapshot")
    mark = str(about.get("mark", ""))
    if head != _head(mark, int(about.get("listeners", -1))):
        raise ValueError("it was written by another version")
    digest = hashlib.blake2b(head)
    expected = file.read(digest.digest_size)
    start = file.tell()
    while part := file.read(1 << 20):
        digest.update(part)
    if digest.digest() != expected:
        raise ValueError("it is damaged")
    file.seek(start)
    return mark


def _read(file: BinaryIO) -> Iterator[bytes]:
    while size := file.read(_SIZE):
        yield file.read(int.from_bytes(size, "big"))


def _blobs(index: Index) -> Iterator[bytes]:
    # By lookup, and whether something is left to be checked: in turn by that and argument.
    groups: dict[tuple[str, bool], dict[tuple[str, str], list[str]]] = {}
    rows: list[tuple[str, str, str]] = []
    for listener_id, item in index.everyone():
        key = item if isinstance(item, str) else item.keys[0]
        number, _, argument = key.partition("|")
        left = ""
        if isinstance(item, Filed):
            left = _written(item.condition)
            if item.by is None:
                pattern = index.store.lookups[number].place.node.pattern
                rows.append((listener_id, pattern, left))
                continue
        group = groups.setdefault((number, bool(left)), {})
        group.setdefault((argument, left), []).append(listener_id)
    # Those without first, as they are filed as the only ones of their keys.
    for (number, _), group in sorted(groups.items(), key=lambda pair: pair[0][1]):
        for part in _parts(list(group.items())):
            yield marshal.dumps(("groups", _group(index.store.lookups[number], part)))
    for some in _parts(rows):
        yield marshal.dumps(("rows", some))


def _group(lookup: Lookup, part: list[tuple[tuple[str, str], list[str]]]) -> tuple[Any, ...]:
    place = lookup.place
    paths = lookup.paths if isinstance(lookup, Shape) else ()
    arguments = [argument for (argument, _), _ in part]
    items = [ids[0] if len(ids) == 1 else ids for _, ids in part]
    left = [text for (_, text), _ in part if text]
    return place.node.pattern, place.kind_of(lookup), place.path, paths, arguments, items, left


@functools.lru_cache(maxsize=10_000)
def _written(condition: Condition) -> str:
    return json.dumps(write(condition))


def _parts(whole: list[_T]) -> Iterator[list[_T]]:
    for start in range(0, len(whole), _BLOB):
        yield whole[start : start + _BLOB]
