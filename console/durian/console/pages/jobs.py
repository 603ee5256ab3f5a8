"""Jobs: what takes long, how far it has come, and what came of it."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from durian.console.api import jobs as api
from durian.console.pages.page import Pages
from durian.console.pages.visit import Visit

pages = Pages()

#: What kinds of jobs are called.
NAMES: Final = {
    "dead.replay": "Send dead letters again",
    "dead.purge": "Throw dead letters away",
    "orphans.replay": "Send orphans again",
    "orphans.purge": "Throw orphans away",
    "aside.replay": "Publish again what was set aside",
    "aside.purge": "Throw away what was set aside",
    "replay.begin": "Send events of the archive",
    "replay.resume": "Go on sending events of the archive",
    "replay.one": "Send one event again",
    "replay.preview": "Count events of the archive",
}


@pages.get("/jobs", "read")
def show_all(visit: Visit) -> Response:
    """List them, the newest first."""
    found = api.list_jobs(visit.caller, None, cursor=visit.query("cursor") or None)
    return visit.page(
        "jobs.html",
        title="Jobs",
        section="jobs",
        jobs=found.items,
        next=found.next,
        names=NAMES,
    )


@pages.get("/jobs/{job_id}", "read")
def show(visit: Visit) -> Response:
    """Show one; it is looked at again and again until it ends."""
    job = api.get_job(visit.caller, visit.path["job_id"])
    kind, _, target = job.target.partition(" ")
    return visit.page(
        "job.html",
        title=NAMES.get(job.kind, job.kind),
        section="jobs",
        job=job,
        listener=target if kind == "listener" else "",
    )


@pages.post("/jobs/{job_id}/stop", "replay")
def stop(visit: Visit) -> Response:
    """Ask that it be stopped."""
    job = api.stop_job(visit.caller, visit.path["job_id"])
    return visit.go("jobs", job.id)
