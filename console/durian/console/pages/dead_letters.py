"""Dead letters of a listener, and sending again: one, some, all since a moment, or the archive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError
from starlette.responses import Response

from durian.console.api import dead_letters as api
from durian.console.api import jobs, replays
from durian.console.pages.jobs import NAMES
from durian.console.pages.listener import about, get
from durian.console.pages.page import Pages
from durian.console.pages.visit import Visit
from durian.errors import InvalidInput
from durian.errors.fault import first_fault

pages = Pages()

#: Dead letters that are shown: the oldest ones.
LIMIT: Final = 50

#: How far back one can go by a button, in seconds.
SINCE: Final = {"1h": 3600, "24h": 86_400, "7d": 7 * 86_400, "all": None}


@pages.get("/listeners/{listener_id}/dead", "read")
def show(visit: Visit) -> Response:
    """Show the oldest ones, and the jobs that send them again."""
    listener = get(visit)
    return visit.page(
        "dead_letters.html",
        **about(visit, listener, "dead"),
        letters=api.list_dead_letters(visit.caller, listener.id, LIMIT),
        jobs=jobs.list_jobs(visit.caller, f"listener {listener.id}", 5).items,
        job_names=NAMES,
        since=SINCE,
    )


@pages.post("/listeners/{listener_id}/dead/replay", "replay")
def replay(visit: Visit) -> Response:
    """Send dead letters again: those that are named, or all since a moment."""
    asked = _checked(
        api.DeadLetterReplay,
        webhook_ids=visit.form.all("webhook_id") or None,
        since=_since(visit),
        rate_per_s=visit.form("rate_per_s") or None,
    )
    job = api.replay_dead_letters(visit.caller, visit.path["listener_id"], asked, Response())
    return visit.go("jobs", job.id)


@pages.post("/listeners/{listener_id}/dead/purge", "manage")
def purge(visit: Visit) -> Response:
    """Throw dead letters away that are named."""
    if not (named := visit.form.all("webhook_id")):
        raise InvalidInput("webhook_id", "is missing", hint="Choose some of the list first.")
    asked = _checked(api.DeadLetterPurge, webhook_ids=named)
    job = api.purge_dead_letters(visit.caller, visit.path["listener_id"], asked, Response())
    return visit.go("jobs", job.id)


@pages.post("/listeners/{listener_id}/replay", "replay")
def backfill(visit: Visit) -> Response:
    """Send events of the archive."""
    asked = _checked(
        replays.NewReplay,
        since=_since(visit),
        rate_per_s=visit.form("rate_per_s") or None,
    )
    job = replays.create_replay(visit.caller, visit.path["listener_id"], asked, Response())
    return visit.go("jobs", job.id)


def _since(visit: Visit) -> datetime | None:
    seconds = SINCE.get(visit.form("since"))
    return None if seconds is None else datetime.now(UTC) - timedelta(seconds=seconds)


def _checked(model: Any, **given: Any) -> Any:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise InvalidInput(*first_fault(error, "form")) from error
