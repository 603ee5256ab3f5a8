"""Working on jobs: operations in threads of their own, whose progress is kept in the registry."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.console.operations import catalogue, failure
from durian.console.operations.operation import Context
from durian.errors import DurianError, Overloaded, RegistryError
from durian.registry.job import Job, JobState, new_job_id
from durian.registry.store import Store

_log = structlog.get_logger("durian.console")

#: Jobs that one process works on at once; each has a thread, and a consumer on the broker.
MOST_JOBS = 8

#: Seconds of silence after which a job counts as lost.
LEASE_S = 30.0

#: Seconds between two words to the registry on how far jobs have come.
_TICK_S = 1.0

#: Seconds that jobs may take to stop when their process ends.
_GRACE_S = 10.0


@dataclass(slots=True)
class _Working:
    """A job that this process works on."""

    job: Job
    store: Store
    stop: threading.Event = field(default_factory=threading.Event)
    progress: tuple[int, int] = (0, 0)
    thread: threading.Thread | None = None


class Worker:
    """Works on jobs. Start it before the first one; safe to share by threads."""

    def __init__(self, broker: Broker, names: Topology, store: Store) -> None:
        self._broker = broker
        self._names = names
        self._store = store
        self._holder = uuid.uuid4().hex
        self._lock = threading.Lock()
        self._working: dict[str, _Working] = {}
        self._ending = threading.Event()
        self._teller = threading.Thread(target=self._tell, name="durian-jobs", daemon=True)

    def start(self) -> None:
        """Begin to tell the registry how far jobs have come."""
        self._teller.start()

    def stop(self) -> None:
        """Stop all jobs, and wait for them for a while. Harmless twice."""
        self._ending.set()
        with self._lock:
            working = list(self._working.values())
        for each in working:
            each.stop.set()
        for each in working:
            if each.thread is not None:
                each.thread.join(_GRACE_S)
        if self._teller.is_alive():
            self._teller.join(_GRACE_S)

    def begin(
        self,
        store: Store,
        kind: str,
        given: Mapping[str, Any],
        *,
        target: str,
        owner: str | None = None,
    ) -> Job:
        """Begin a job in the name of whoever asks, whose registry `store` is; return it at once.

        Raises InvalidInput when the arguments cannot be used, Overloaded when there is no room.
        """
        catalogue.check(kind, given)
        job = Job(
            id=new_job_id(),
            kind=kind,
            target=target,
            arguments={name: value for name, value in given.items() if value is not None},
            owner=owner,
            holder=self._holder,
        )
        with self._lock:
            if len(self._working) >= MOST_JOBS or self._ending.is_set():
                raise Overloaded(f"{len(self._working)} jobs are being worked on.")
            working = self._working[job.id] = _Working(job, store)
        try:
            begun = store.add_job(job, LEASE_S)
        except BaseException:
            self._forget(job.id)
            raise
        thread = threading.Thread(
            target=self._work, args=(working,), name=f"durian-job-{job.id}", daemon=True
        )
        working.thread = thread
        thread.start()
        return begun

    def _work(self, working: _Working) -> None:
        job = working.job
        context = Context(
            broker=self._broker, names=self._names, store=working.store, stop=working.stop
        )

        def progress(done: int, total: int) -> None:
            working.progress = (done, total)

        try:
            result = catalogue.run(job.kind, context, job.arguments, progress)
        except DurianError as error:
            self._end(working, "failed", told=failure.to_json(error))
        except Exception:  # noqa: BLE001  # ours: whoever asked has to hear of it
            unforeseen = DurianError("The job failed; the log of its process says why.")
            self._end(working, "failed", told=failure.to_json(unforeseen))
            _log.exception("job.failed", job=job.id, kind=job.kind)
        else:
            self._end(working, "stopped" if working.stop.is_set() else "done", result=result)

    def _end(
        self,
        working: _Working,
        state: JobState,
        *,
        result: Any = None,
        told: Mapping[str, str] | None = None,
    ) -> None:
        done, total = working.progress
        try:
            self._store.end_job(
                working.job.id,
                self._holder,
                state,
                done=done,
                total=total,
                result=result,
                failure=told,
            )
        except RegistryError as error:
            # Its lease ends, and then it counts as lost.
            _log.warning("job.end_unsaved", job=working.job.id, state=state, error=str(error))
        finally:
            self._forget(working.job.id)

    def _forget(self, job_id: str) -> None:
        with self._lock:
            self._working.pop(job_id, None)

    def _tell(self) -> None:
        while not self._ending.wait(_TICK_S):
            with self._lock:
                working = list(self._working.values())
            for each in working:
                self._tell_of(each)

    def _tell_of(self, working: _Working) -> None:
        done, total = working.progress
        job_id = working.job.id
        try:
            goes_on = self._store.save_job(
                job_id, self._holder, done=done, total=total, lease_s=LEASE_S
            )
        except RegistryError as error:
            _log.warning("job.progress_unsaved", job=job_id, error=str(error))
            return
        if not goes_on and job_id in self._working:
            working.stop.set()
