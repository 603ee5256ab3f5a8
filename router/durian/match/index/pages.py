"""Large pages: memory that an index fills and keeps is better off in pages of 2 MB than of 4 KB.

An event looks at a hundred places of some 250 MB. Of 4 KB pages the processor remembers where the
last few thousand are; with a million listeners it has to look that up in memory as well, nearly
each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

#: Bytes of a large page, on all machines that have them in use.
LARGE = 2 * 1024 * 1024

#: Linux's advice to put what is there into large pages, now (since 6.1).
_COLLAPSE = 25

#: Of a mapping, the part that is in use at least: what is not used would take memory then.
_USED = 0.9


def use_large_pages() -> None:
    """Ask the kernel to move this process's memory into large pages, as far as it is in use.

    For a million listeners it takes the kernel half a second, in which Python goes on; matching
    takes an eighth less from then on. Where there is no such thing, nothing happens.
    """
    try:
        mappings = Path("/proc/self/smaps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    # Imported late: a process without an index has no use for it.
    import ctypes  # noqa: PLC0415 (see above)

    advise = ctypes.CDLL(None).madvise
    advise.argtypes = (ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int)
    for start, end in used_mappings(mappings):
        # Page by page, as others that need the memory map wait meanwhile.
        for page in range(-(-start // LARGE) * LARGE, end - LARGE + 1, LARGE):
            advise(page, LARGE, _COLLAPSE)


def used_mappings(smaps: str) -> Iterator[tuple[int, int]]:
    """Give start and end of each mapping that holds the process's own data and is in use.

    `smaps` is what `/proc/self/smaps` says (man 5 proc_pid_smaps).
    """
    start = end = 0
    for line in smaps.splitlines():
        name, *rest = line.split()
        if name == "Rss:":
            if int(rest[0]) * 1024 >= _USED * (end - start) > 0:
                yield start, end
        elif not name.endswith(":"):
            rights, _, _, inode, *path = rest
            own = rights == "rw-p" and inode == "0" and path in ([], ["[heap]"])
            start, end = (int(at, 16) for at in name.split("-")) if own else (0, 0)
