"""The catalogue of event types: what their data hold, an example, and one to be published."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Final

import anyio.from_thread
from starlette.responses import Response

from durian.console.api import hooks as api
from durian.console.hooks import parse_json
from durian.console.pages.page import Pages
from durian.console.pages.schema_fields import fields_of
from durian.console.pages.visit import Visit
from durian.errors import DurianError, InvalidInput, NotFound
from durian.events import Event
from durian.registry import HookSpec
from durian.registry.data_schema import check_data, check_spec

pages = Pages()

#: Event types of a page.
LIMIT: Final = 50

#: The `source` of events that are published on these pages.
SOURCE: Final = "/durian/console"


@pages.get("/hooks", "read")
def show_all(visit: Visit) -> Response:
    """List them by name."""
    found = api.list_hooks(visit.caller, LIMIT, visit.query("cursor") or None)
    return visit.page(
        "hooks.html",
        title="Event types",
        section="hooks",
        hooks=[(hook, fields_of(hook.data_schema, hook.example)) for hook in found.items],
        next=found.next,
    )


@pages.get("/hooks/one", "read")
def show(visit: Visit) -> Response:
    """Show one; by its name, which may hold any character."""
    spec = visit.store.get_hook(visit.query("name"))
    return _page(visit, spec, example_of(spec))


@pages.post("/hooks/publish", "publish")
def publish(visit: Visit) -> Response:
    """Publish an event of this type, once its data are what the hook promises."""
    visit.caller.refuse_owned("Events of the deployment")
    spec = visit.store.get_hook(visit.form("name"))
    text = visit.form("data")
    try:
        data = parse_json("data", text)
        check_data(spec, data)
        event = Event(type=spec.name, source=SOURCE, data=data)
        _publish(visit, event)
    except (InvalidInput, DurianError) as error:
        return _page(visit, spec, text, str(error))
    return visit.go("events", "one", id=event.id)


@pages.get("/hooks/edit", "manage")
def edit(visit: Visit) -> Response:
    """Define one, or change its definition."""
    visit.caller.refuse_owned("Event types")
    name = visit.query("name")
    try:
        spec = visit.store.get_hook(name) if name else None
    except NotFound:
        spec = None
    values = {
        "name": name,
        "description": spec.description if spec else "",
        "schema": _pretty(spec.schema) if spec and spec.schema is not None else "",
        "example": _pretty(spec.example) if spec and spec.example is not None else "",
    }
    return _form(visit, values, {}, is_new=spec is None)


@pages.post("/hooks/edit", "manage")
def save(visit: Visit) -> Response:
    """Save it, or say what is wrong."""
    visit.caller.refuse_owned("Event types")
    names = ("name", "description", "schema", "example")
    values = {name: visit.form(name).strip() for name in names}
    try:
        spec = HookSpec(
            name=values["name"],
            description=values["description"],
            schema=parse_json("schema", values["schema"]) if values["schema"] else None,
            example=parse_json("example", values["example"]) if values["example"] else None,
        )
        check_spec(spec)
        visit.store.put_hook(spec)
    except InvalidInput as error:
        place = error.field.partition(".")[0]
        wrong = {place if place in values else "name": str(error)}
        return _form(visit, values, wrong, is_new=bool(visit.form("is_new")))
    return visit.go("hooks", "one", name=spec.name)


@pages.post("/hooks/remove", "manage")
def remove(visit: Visit) -> Response:
    """Remove it: its events are no longer checked."""
    visit.caller.refuse_owned("Event types")
    visit.store.remove_hook(visit.form("name"))
    return visit.go("hooks")


def example_of(spec: HookSpec) -> str:
    """Data to begin with, as text."""
    return _pretty(spec.example) if spec.example is not None else "{}"


def _publish(visit: Visit, event: Event) -> None:
    """Publish it on the application's loop, and wait here for the confirm."""

    async def publish() -> None:
        await visit.caller.services.publish([event])

    anyio.from_thread.run(publish)


def _page(visit: Visit, spec: HookSpec, data: str, reason: str = "") -> Response:
    return visit.page(
        "hook.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if reason else HTTPStatus.OK,
        title=spec.name,
        section="hooks",
        hook=spec,
        fields=fields_of(spec.schema, spec.example),
        data=data,
        reason=reason,
    )


def _form(visit: Visit, values: dict[str, str], wrong: dict[str, str], *, is_new: bool) -> Response:
    return visit.page(
        "hook_form.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        title="Define an event type" if is_new else f"Change {values['name']}",
        section="hooks",
        form={"values": values, "errors": wrong},
        is_new=is_new,
    )


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
