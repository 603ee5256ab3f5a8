"""Sending an event of a hook by hand."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse

from durian.django.forms import EventForm
from durian.django.views.page import Page
from durian.errors import InvalidInput
from durian.hook import Hook
from durian.registry import hooks


class SendEventView(Page):
    """Send an event to try its listeners."""

    template = "durian/send_event.html"
    title = "Send an event"

    def allowed(self, **_: Any) -> bool:
        """Those who may emit events."""
        return self.rights.emits

    def get(self, _request: Any, name: str) -> HttpResponse:
        """Show the form, filled with an example."""
        hook = hooks[name]
        example = json.dumps(_example(hook), indent=2, ensure_ascii=False)
        return self.show(form=EventForm(initial={"data": example}), hook=hook)

    def post(self, request: Any, name: str) -> HttpResponse:
        """Send it."""
        hook = hooks[name]
        form = EventForm(request.POST)
        if form.is_valid():
            try:
                event = hook.emit(form.cleaned_data["data"])
            except InvalidInput as error:
                form.add_error("data", str(error))
            else:
                return self.go("send_event", name, said=f"Event {event.id} was sent.")
        return self.show(form=form, hook=hook)


def _example(hook: Hook) -> Any:
    """The hook's own example, or its fields without values."""
    if hook.example is not None:
        return hook.example
    example: dict[str, Any] = {}
    for path in hook.provides() or ():
        *outer, last = path.split(".")
        place = example
        for name in outer:
            place = place.setdefault(name, {})
        place[last] = ""
    return example
