"""Creating a listener in two screens: which event, then where to and when."""

from __future__ import annotations

import json
import secrets
from http import HTTPStatus
from typing import Any, Final

from pydantic import ValidationError
from starlette.responses import Response

from durian.console.api import hooks, listeners
from durian.console.api.listener_models import NewListener
from durian.console.pages import conditions, receivers
from durian.console.pages.conditions import Editor
from durian.console.pages.listener_form import ListenerForm
from durian.console.pages.once import once
from durian.console.pages.operators import GROUPS
from durian.console.pages.page import Pages
from durian.console.pages.schema_fields import MOST, SchemaField, fields_of
from durian.console.pages.visit import Visit
from durian.errors import InvalidInput, NotFound
from durian.match import check_event_pattern
from durian.match.event_pattern import fits, is_exact
from durian.registry import HookSpec, Policy

pages = Pages()

#: Hooks that are offered at once.
LIMIT: Final = 50

#: Hooks that are looked through for those that a pattern means.
_LOOKED: Final = 200


@pages.get("/listeners/new", "manage")
def choose(visit: Visit) -> Response:
    """The first screen, until an event is chosen; then the second."""
    event = visit.query("pattern").strip() or visit.query("event")
    reason = ""
    if event:
        try:
            check_event_pattern(event)
            form = ListenerForm.of(Policy())
            return _form(visit, event, form, conditions.opened({}, fields_for(visit, event)))
        except InvalidInput as error:
            reason = f"It {error.reason}."
    found = hooks.list_hooks(visit.caller, LIMIT, visit.query("cursor") or None)
    return visit.page(
        "choose_event.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if reason else HTTPStatus.OK,
        title="Create a listener",
        section="listeners",
        hooks=[(hook, fields_of(hook.data_schema, hook.example)) for hook in found.items],
        next=found.next,
        pattern=visit.query("pattern"),
        reason=reason,
    )


@pages.post("/listeners/new", "manage")
def create(visit: Visit) -> Response:
    """Create it; or show the second screen again, with what is wrong or one more row."""
    event = visit.form("event")
    fields = fields_for(visit, event)
    editor = conditions.read(visit.form, fields)
    form = ListenerForm.read(visit.form)
    if (edited := edit(visit, editor, fields)) is not None:
        return _form(visit, event, form, edited)
    new = _new(event, form, editor)
    if new is None:
        return _form(visit, event, form, editor)

    def make() -> tuple[Response, str]:
        created = listeners.add(visit.caller, new)
        shown = visit.page(
            "created.html",
            HTTPStatus.CREATED,
            title="The listener is created",
            section="listeners",
            listener=created,
            secret=created.secret,
            languages=receivers.all_of(),
        )
        return shown, visit.to("listeners", created.id)

    try:
        return once(visit, make)
    except InvalidInput as error:
        form.note(error)
        return _form(visit, event, form, editor)


def edit(visit: Visit, editor: Editor, fields: list[SchemaField]) -> Editor | None:
    """Do what a button of the filter's editor asks for; None: none was pressed."""
    match visit.form("do"):
        case "add":
            return conditions.with_row(editor)
        case "switch":
            return conditions.switched(editor, fields)
    return None


def fields_for(visit: Visit, event: str) -> list[SchemaField]:
    """The fields that events of a pattern have, as far as hooks name them."""
    if (hook := hook_of(visit, event)) is not None:
        return fields_of(hook.schema, hook.example)
    found: dict[str, SchemaField] = {}
    if not is_exact(event):
        for hook in visit.store.list_hooks(limit=_LOOKED):
            if fits(event, hook.name):
                found |= {one.path: one for one in fields_of(hook.schema, hook.example)}
    return list(found.values())[:MOST]


def hook_of(visit: Visit, event: str) -> HookSpec | None:
    """The hook of an event type; None when a pattern means several, or there is none."""
    if not is_exact(event):
        return None
    try:
        return visit.store.get_hook(event)
    except NotFound:
        return None


def _new(event: str, form: ListenerForm, editor: Editor) -> NewListener | None:
    """What is to be created; None when something is wrong, which is noted."""
    policy = form.policy() | {"ordered": form.ordered}
    if form.errors or not editor.is_valid:
        return None
    given: dict[str, Any] = {
        "url": form.values["url"],
        "event": event,
        "filter": json.loads(editor.filter().to_json()),
        "description": form.values["description"],
        "owner": form.values["owner"] or None,
        "key_pem": form.values["key_pem"] or None,
        "policy": {name: value for name, value in policy.items() if value is not None},
    }
    try:
        return NewListener.model_validate(given)
    except ValidationError as error:
        form.note(error)
        return None


def _form(visit: Visit, event: str, form: ListenerForm, editor: Editor) -> Response:
    is_wrong = bool(form.errors) or not editor.is_valid
    return visit.page(
        "create_listener.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK,
        title=f"Listen for {event}",
        section="listeners",
        event=event,
        hook=hook_of(visit, event),
        form=form,
        editor=editor,
        operator_groups=GROUPS,
        once=visit.form("once") or secrets.token_urlsafe(16),
    )
