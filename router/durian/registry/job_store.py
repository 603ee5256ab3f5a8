"""The part of the registry's store that holds jobs.

None of it is a change of the registry: it costs no version, and followers hear nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from durian.registry.job import Job, JobPage, JobState
from durian.registry.part import Part
from durian.registry.sql import jobs

#: Seconds that jobs are kept.
KEEP_S = 30 * 24 * 3600.0


class JobStore(Part):
    """Jobs; its methods keep the rules of `durian.registry.store.Store`.

    Whoever works on a job names itself as its holder, and has it for `lease_s` seconds from each
    write on; when it falls silent, the job is lost. An owner has those at their own listeners.
    """

    def add_job(self, job: Job, lease_s: float) -> Job:
        """Add a job in the name of whoever asks; what it does is written to the audit log there."""
        with self._database.locked() as connection:
            jobs.prune(connection, self._now() - KEEP_S)
            return jobs.add(connection, job, self._principal.name, self._now(), lease_s)

    def save_job(self, job_id: str, holder: str, *, done: int, total: int, lease_s: float) -> bool:
        """Write how far a job has come, and hold it for longer; False when it is to stop."""
        with self._database.locked() as connection:
            values = {"done": done, "total": total}
            return jobs.save(connection, job_id, holder, values, now=self._now(), lease_s=lease_s)

    def end_job(
        self,
        job_id: str,
        holder: str,
        state: JobState,
        *,
        done: int,
        total: int,
        result: Any = None,
        failure: Mapping[str, str] | None = None,
    ) -> None:
        """Write what became of a job."""
        with self._database.locked() as connection:
            facts = {"state": state, "done": done, "total": total}
            told = jobs.texts(result, failure)
            jobs.save(connection, job_id, holder, facts | told, now=self._now(), lease_s=0.0)

    def stop_job(self, job_id: str) -> None:
        """Ask that a job be stopped; its process hears of it soon. Raises `NotFound`."""
        with self._database.locked() as connection:
            job = jobs.get(connection, job_id, self._now(), self._owner)
            jobs.ask_to_stop(connection, job_id)
            self._note(connection, "job.stop", f"job {job_id}", owner=job.owner)

    def get_job(self, job_id: str) -> Job:
        """Return a job. Raises `NotFound`."""
        with self._database.reading() as connection:
            return jobs.get(connection, job_id, self._now(), self._owner)

    def list_jobs(
        self,
        *,
        target: str | None = None,
        after: tuple[float, str] | None = None,
        limit: int = 100,
    ) -> JobPage:
        """Return the next jobs, newest first, at one target or all; `after` is a page's next."""
        with self._database.reading() as connection:
            return jobs.page(
                connection, self._owner, self._now(), target=target, after=after, limit=limit
            )
