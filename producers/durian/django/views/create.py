"""The two screens: select an event, then create a listener for it."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect

from durian.django.forms import ListenerForm, SelectEventForm
from durian.django.views.page import Page
from durian.errors import InvalidInput
from durian.hook import current
from durian.registry import ListenerSecret, hooks


class SelectEventView(Page):
    """The first screen."""

    template = "durian/select_event.html"
    title = "Which event?"

    def allowed(self, **_: Any) -> bool:
        """Those who may add listeners."""
        return self.rights.adds

    def get(self, request: Any) -> HttpResponse:
        """Show the events, or go on with the one that was chosen."""
        form = SelectEventForm(request.GET if "event" in request.GET else None)
        if form.is_bound and form.is_valid():
            query = urlencode({"event": form.cleaned_data["event"]})
            return redirect(f"{self.place.url('create_listener')}?{query}")
        return self.show(form=form, hooks=list(hooks))


class CreateListenerView(Page):
    """The second screen: a URL, and a condition for each provided field."""

    template = "durian/create_listener.html"
    title = "Create a listener"

    def allowed(self, **_: Any) -> bool:
        """Those who may add listeners."""
        return self.rights.adds

    def get(self, request: Any) -> HttpResponse:
        """Show the form. Raises NotFound for an event that no hook defines."""
        hook = hooks[request.GET.get("event", "")]
        return self.show(form=ListenerForm(hook), hook=hook)

    def post(self, request: Any) -> HttpResponse:
        """Create the listener, and show its secret this once."""
        hook = hooks[request.GET.get("event", "")]
        form = ListenerForm(hook, request.POST)
        if form.is_valid():
            try:
                listener = form.listener(self.rights.owner)
                secret = ListenerSecret.new(now=time.time())
                with current().desk(self.principal("add")) as desk:
                    desk.add(listener, secret)
            except InvalidInput as error:
                form.add_error("url" if error.field == "url" else None, str(error))
            else:
                return self.show(
                    template="durian/created.html",
                    title="Listener created",
                    listener=listener,
                    secret=secret.value,
                )
        return self.show(form=form, hook=hook)
