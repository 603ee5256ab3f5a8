"""The two screens: select an event, then create a listener for it."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect

from durian.django.forms import ListenerForm, SelectEventForm
from durian.django.views.page import Page
from durian.errors import InvalidInput
from durian.hook import Hook, current
from durian.match import Filter
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
        every: list[Hook] = [hooks[hook.name] for hook in hooks]
        offered = [hook for hook in every if hook.filter_for(request.user) is not None]
        form = SelectEventForm(offered, request.GET if "event" in request.GET else None)
        if form.is_bound and form.is_valid():
            query = urlencode({"event": form.cleaned_data["event"]})
            return redirect(f"{self.place.url('create_listener')}?{query}")
        return self.show(form=form, hooks=offered)


class CreateListenerView(Page):
    """The second screen: a URL, and a condition for each provided field."""

    template = "durian/create_listener.html"
    title = "Create a listener"

    def allowed(self, **_: Any) -> bool:
        """Those who may add listeners."""
        return self.rights.adds

    def get(self, request: Any) -> HttpResponse:
        """Show the form. Raises NotFound for an event that no hook defines."""
        hook, _ = self._chosen(request)
        return self.show(form=ListenerForm(hook), hook=hook)

    def post(self, request: Any) -> HttpResponse:
        """Create the listener, and show its secret this once."""
        hook, narrowed = self._chosen(request)
        form = ListenerForm(hook, request.POST)
        if form.is_valid():
            try:
                listener = form.listener(self.rights.owner, narrowed)
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

    def _chosen(self, request: Any) -> tuple[Hook, Filter]:
        """The hook that was chosen, and what of it the user may know. Raises NotFound."""
        hook = hooks[request.GET.get("event", "")]
        narrowed = hook.filter_for(request.user)
        if narrowed is None:
            raise PermissionDenied
        return hook, narrowed
