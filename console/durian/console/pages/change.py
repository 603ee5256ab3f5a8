"""Changing a listener: its filter, and its settings."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

from durian.console.api import listeners as api
from durian.console.api.etag import tag
from durian.console.api.listener_models import Listener, ListenerPatch
from durian.console.pages import conditions
from durian.console.pages.conditions import Editor
from durian.console.pages.create import edit, fields_for
from durian.console.pages.listener import about, get
from durian.console.pages.listener_form import ListenerForm
from durian.console.pages.operators import GROUPS
from durian.console.pages.page import Pages
from durian.console.pages.visit import Visit
from durian.errors import InvalidInput

pages = Pages()


@pages.get("/listeners/{listener_id}/filter", "read")
def show_filter(visit: Visit) -> Response:
    """Show which events it wants."""
    listener = get(visit)
    fields = fields_for(visit, listener.event)
    editor = conditions.opened(listener.filter, fields)
    return _filter_page(visit, listener, listener.event, editor)


@pages.post("/listeners/{listener_id}/filter", "manage")
def save_filter(visit: Visit) -> Response:
    """Save it; or show the editor again, with what is wrong or one more row."""
    listener = get(visit)
    event = visit.form("event").strip()
    fields = fields_for(visit, event)
    editor = conditions.read(visit.form, fields)
    if (edited := edit(visit, editor, fields)) is not None:
        return _filter_page(visit, listener, event, edited)
    if not editor.is_valid:
        return _filter_page(visit, listener, event, editor)
    try:
        _update(visit, event=event, filter=json.loads(editor.filter().to_json()))
    except (InvalidInput, ValidationError) as error:
        form = ListenerForm({"event": event, "filter": ""})
        form.note(error)
        return _filter_page(visit, listener, event, editor, form.errors)
    return visit.go("listeners", listener.id, "filter", done="saved")


@pages.get("/listeners/{listener_id}/settings", "read")
def show_settings(visit: Visit) -> Response:
    """Show how deliveries to it are made."""
    listener = get(visit)
    return _settings_page(visit, listener, ListenerForm.of(listener.policy, listener))


@pages.post("/listeners/{listener_id}/settings", "manage")
def save_settings(visit: Visit) -> Response:
    """Save them, or say what is wrong."""
    listener = get(visit)
    form = ListenerForm.read(visit.form)
    changes: dict[str, Any] = {
        "url": form.values["url"],
        "description": form.values["description"],
        "policy": form.policy(),
    }
    if visit.owner is None:
        changes["owner"] = form.values["owner"] or None
    if form.values["key_pem"]:
        changes["key_pem"] = form.values["key_pem"]
    if not form.errors:
        try:
            _update(visit, **changes)
        except (InvalidInput, ValidationError) as error:
            form.note(error)
        else:
            return visit.go("listeners", listener.id, "settings", done="saved")
    return _settings_page(visit, listener, form, HTTPStatus.UNPROCESSABLE_ENTITY)


def _update(visit: Visit, **changes: Any) -> None:
    """Change it as it was when the form was opened. Raises Changed when it is so no more."""
    patch = ListenerPatch.model_validate(changes)
    version = visit.form("version")
    if_match = tag(int(version)) if version.isdigit() and version.isascii() else None
    api.update_listener(visit.caller, visit.path["listener_id"], patch, Response(), if_match)


def _version(visit: Visit, listener: Listener) -> object:
    return visit.form("version") or visit.store.listener_entry(listener.id).version


def _filter_page(
    visit: Visit,
    listener: Listener,
    event: str,
    editor: Editor,
    errors: dict[str, str] | None = None,
) -> Response:
    is_wrong = bool(errors) or not editor.is_valid
    return visit.page(
        "filter.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK,
        **about(visit, listener, "filter"),
        event=event,
        editor=editor,
        errors=errors or {},
        operator_groups=GROUPS,
        version=_version(visit, listener),
    )


def _settings_page(
    visit: Visit, listener: Listener, form: ListenerForm, status: int = HTTPStatus.OK
) -> Response:
    return visit.page(
        "settings_of.html",
        status,
        **about(visit, listener, "settings"),
        form=form,
        version=_version(visit, listener),
    )
