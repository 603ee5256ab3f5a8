"""One case, in a process of its own: an index of one mix and size, and all that is asked of it."""

from __future__ import annotations

import gc
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.match.workload import Workload
from durian.errors import DurianError
from durian.events import Event
from durian.events.jsonvalue import parse
from durian.match import Filter, Index
from durian.match.index.staying import LARGE_PAGES

#: Events of one measurement, all different.
EVENTS = 10_000
#: Listeners that are added and removed, one by one.
UPDATES = 1000
#: Seconds of matching while listeners come and go.
STALL_S = 5.0
#: Events and listeners of a linear scan: it is slow.
SCANNED = (20, 5000)

Figures = dict[str, float]


@dataclass(slots=True)
class Seen:
    """As much of an event as filters look at: what is measured is matching, not the envelope."""

    type: str
    data: Any
    attributes: dict[str, str]


def measure(mix: str, size: int) -> Figures:
    """Measure one case: figures by name."""
    workload = Workload(mix, size)
    made_s = _seconds(lambda: [None for _ in workload.listeners()])
    workload = Workload(mix, size)
    Index().load(Workload(mix, 1000).listeners())  # imports what is imported late
    gc.collect()
    before = _resident_bytes()
    index = Index()
    build_s = _seconds(lambda: _load(index, workload)) - made_s
    _wait_moved()
    figures = {"build s": build_s, "bytes a listener": (_resident_bytes() - before) / size}
    figures |= _matching(index, workload) | _updates(index, workload) | _stall(index, workload)
    figures["linear scan us"] = _scan(workload) * size / SCANNED[1]
    if size >= 100_000:
        figures |= _restart(index)
    return figures


def _wait_moved() -> None:
    """Wait until the index's memory has moved: for that second or two matching is slower."""
    for thread in threading.enumerate():
        if thread.name == LARGE_PAGES:
            thread.join()


def _load(index: Index, workload: Workload) -> None:
    refused = index.load(workload.listeners())
    index.settle()
    assert not refused
    assert len(index) == workload.size


def _matching(index: Index, workload: Workload) -> Figures:
    events = workload.events(EVENTS)
    found = [len(index.match(_seen(*event))) for event in events]
    taken = sorted(_nanoseconds(index, _seen, event) for event in events)
    whole = sorted(_nanoseconds(index, _event, event) for event in events)
    return {
        "median us": median(taken) / 1e3,
        "p99 us": taken[len(taken) * 99 // 100] / 1e3,
        "median with envelope us": median(whole) / 1e3,
        "listeners an event": sum(found) / len(found),
    }


def _updates(index: Index, workload: Workload) -> Figures:
    """Add listeners and remove them again, each until an event shows it."""
    adds, removes = [], []
    for number in range(UPDATES):
        _, pattern, form = workload.listener(number)
        listener_id, event_type = f"new-{number}", f"probe.{number}"
        probe = Seen(event_type, {"probe": number}, {})
        # Half of them file a filter of the mix; the others are seen by an event made for them.
        plain = number % 2 == 0
        pattern, form = (event_type, f'{{"probe": {number}}}') if plain else (pattern, form)
        start = time.perf_counter_ns()
        index.add(listener_id, pattern, Filter.parse(form))
        assert not plain or list(index.match(probe)) == [listener_id]  # type: ignore[arg-type]  # it has all that is looked at
        adds.append(time.perf_counter_ns() - start)
    for number in range(UPDATES):
        start = time.perf_counter_ns()
        index.remove(f"new-{number}")
        removes.append(time.perf_counter_ns() - start)
    return {"add visible p99 ms": _p99_ms(adds), "remove visible p99 ms": _p99_ms(removes)}


def _stall(index: Index, workload: Workload) -> Figures:
    """Match while another thread adds and removes as fast as it can: the slowest event."""
    stop = threading.Event()
    rows = [workload.listener(number) for number in range(2000)]
    thread = threading.Thread(target=_churn, args=(index, rows, stop))
    events = workload.events(1000)
    taken = []
    thread.start()
    end = time.monotonic() + STALL_S
    while time.monotonic() < end:
        for event_type, body in events:
            start = time.perf_counter_ns()
            index.match(_seen(event_type, body))
            taken.append(time.perf_counter_ns() - start)
    stop.set()
    thread.join()
    return {"longest stall ms": max(taken) / 1e6, "p99 us while changing": _p99_ms(taken) * 1e3}


def _churn(index: Index, rows: list[tuple[str, str, str]], stop: threading.Event) -> None:
    while not stop.is_set():
        for listener_id, pattern, form in rows:
            index.add(f"churn-{listener_id}", pattern, Filter.parse(form))
        for listener_id, _, _ in rows:
            index.remove(f"churn-{listener_id}")


def _scan(workload: Workload) -> float:
    """Try all filters on each event, in microseconds an event, for `SCANNED[1]` listeners."""
    count, listeners = SCANNED
    wanted = [Filter.parse(workload.listener(number)[2]) for number in range(listeners)]
    events = [_seen(*event) for event in workload.events(count)]

    def scan() -> None:
        for event in events:
            for each in wanted:
                each.matches(event)

    return _seconds(scan) / count * 1e6


def _restart(index: Index) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "snapshot"
        save_s = _seconds(lambda: index.save(path))
        restored: list[Index] = []

        def restore() -> None:
            try:
                restored.append(Index.restore(path)[0])
            except DurianError as error:
                raise SystemExit(str(error)) from error

        restart_s = _seconds(restore)
        assert len(restored[0]) == len(index)
        return {"snapshot s": save_s, "restart s": restart_s}


def _seen(event_type: str, body: bytes) -> Any:
    return Seen(event_type, parse(body), {})


def _event(event_type: str, body: bytes) -> Event:
    attributes = {
        "specversion": "1.0",
        "id": "1",
        "source": "/shop",
        "type": event_type,
        "time": "2026-01-01T12:00:00Z",
        "datacontenttype": "application/json",
    }
    return Event.from_attributes(attributes, body)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _nanoseconds(index: Index, read: Callable[[str, bytes], Any], event: tuple[str, bytes]) -> int:
    start = time.perf_counter_ns()
    index.match(read(*event))
    return time.perf_counter_ns() - start


def _p99_ms(taken_ns: list[int]) -> float:
    return sorted(taken_ns)[len(taken_ns) * 99 // 100] / 1e6


def _resident_bytes() -> int:
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * 4096
