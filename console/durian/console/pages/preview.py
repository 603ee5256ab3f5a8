"""Which of the last events a filter would match, while it is typed."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from durian.console.api import filters
from durian.console.explain.wanting import decisive
from durian.console.pages import conditions
from durian.console.pages.create import fields_for, hook_of
from durian.console.pages.page import Pages
from durian.console.pages.visit import Visit
from durian.errors import BrokerError, InvalidInput
from durian.events import Event
from durian.match import Filter, check_event_pattern

pages = Pages()


@pages.post("/filters/preview", "read")
def preview(visit: Visit) -> Response:
    """Try what the form holds; a form that is not finished is told so, and is no error."""
    event = visit.form("event").strip()
    facts: dict[str, Any] = {"reason": "", "found": None, "nearly": None}
    try:
        check_event_pattern(event)
        editor = conditions.read(visit.form, fields_for(visit, event))
        if editor.is_valid:
            facts |= _tried(visit, event, editor.filter())
        else:
            facts["reason"] = "It is tried once all conditions can be read."
    except (InvalidInput, BrokerError) as error:
        facts["reason"] = error.message
    return visit.page("preview.html", **facts)


def _tried(visit: Visit, event: str, wanted: Filter) -> dict[str, Any]:
    if visit.owner is not None:
        return _on_example(visit, event, wanted)
    asked = filters.FilterPreview.model_validate(
        {"pattern": event, "filter": json.loads(wanted.to_json())}
    )
    found = filters.preview_filter(visit.caller, asked)
    unlike = (one for one in found.items if not one.matches)
    nearly = (one for one in unlike if not any(why.startswith("its type") for why in one.why_not))
    return {"found": found, "nearly": next(nearly, None)}


def _on_example(visit: Visit, event: str, wanted: Filter) -> dict[str, Any]:
    """An owner sees no events but their own: their filter is tried on the hook's example."""
    hook = hook_of(visit, event)
    if hook is None or hook.example is None:
        return {"example_matches": None, "why_not": ""}
    verdict = wanted.explain(Event(type=hook.name, source="/example", data=hook.example))
    return {"example_matches": verdict.holds, "why_not": "; ".join(decisive(verdict))}
