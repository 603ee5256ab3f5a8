"""The router's index as a file, and of which registry and version it is."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from durian.errors import SnapshotUnusable
from durian.match import Index

_log = logging.getLogger(__name__)

#: Seconds between two files while the registry changes.
_SAVE_EVERY_S = 300.0


class Snapshot:
    """Keeps the index in a file. Whatever is wrong with that costs a line in the log, never more.

    Not safe to share by threads: the follower's uses it, and whoever has stopped the follower.
    """

    def __init__(self, path: Path, registry: str) -> None:
        """Prepare it for a registry, given by its identity (`Store.identity`)."""
        self._path = path
        self._registry = registry
        self._saved: int | None = None
        self._next_at = 0.0

    def restore(self) -> tuple[Index, int] | None:
        """Give the index of the file and the version of the registry that it is of."""
        if not self._path.exists():
            _log.info("router.snapshot_missing path=%s", self._path)
            return None
        try:
            index, mark = Index.restore(self._path)
            version = self._version_of(mark)
        except SnapshotUnusable as error:
            _log.warning("router.snapshot_unusable error=%s", error)
            return None
        _log.info("router.snapshot_restored listeners=%d version=%d", len(index), version)
        self._saved = version
        return index, version

    def keep(self, index: Index, version: int, now: float) -> None:
        """Save the index if it has changed and it is time (`now` in seconds, monotonic)."""
        if now >= self._next_at and version != self._saved:
            self.save(index, version)
            self._next_at = now + _SAVE_EVERY_S

    def save(self, index: Index, version: int) -> None:
        """Save the index, which has all changes of the registry up to a version; it may have more.

        To be ahead is harmless: changes are applied again after a restart.
        """
        if version == self._saved:
            return
        mark = json.dumps({"registry": self._registry, "version": version})
        try:
            index.save(self._path, mark)
        except OSError as error:
            _log.warning("router.snapshot_failed path=%s error=%s", self._path, error)
        else:
            self._saved = version

    def _version_of(self, mark: str) -> int:
        try:
            about = json.loads(mark)
            registry, version = about["registry"], int(about["version"])
        except (ValueError, TypeError, KeyError) as exc:
            raise SnapshotUnusable(f"{self._path} does not say what it is of.") from exc
        if registry != self._registry:
            raise SnapshotUnusable(f"{self._path} is of another registry.")
        return version
