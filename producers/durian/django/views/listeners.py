"""Pages about listeners that exist: all of them, one of them, and what can be done with it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from durian.django.forms import ChangeListenerForm
from durian.django.models import Listener as Owned
from durian.django.views.page import ListenerPage, Page
from durian.errors import DurianError, InvalidInput, NotFound
from durian.hook import current
from durian.match import Filter
from durian.registry import Listener, ListenerSecret

#: Listeners on a page, and attempts of one that its page shows.
PAGE = 50
SHOWN_ATTEMPTS = 10

#: Seconds that a rotated secret goes on signing beside the new one.
OVERLAP_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A listener as it is shown in a list."""

    listener: Listener
    #: Its filter in the short form; empty when it wants every event.
    wants: str
    #: Whether its breaker is open.
    failing: bool


class ListenersView(Page):
    """All listeners that the user may see."""

    template = "durian/listeners.html"
    title = "Listeners"

    def allowed(self, **_: Any) -> bool:
        """In the admin those who may see all; elsewhere everybody, for their own."""
        return self.rights.may("view") or not self.place.staff

    def get(self, request: Any) -> HttpResponse:
        """Show a page of them."""
        store = current().store
        failing = {breaker.listener_id for breaker in store.open_breakers()}
        after = request.GET.get("after") or None
        visible = self.rights.visible()
        if visible is None:
            found = store.list_listeners(after=after, limit=PAGE + 1)
        else:
            ids = sorted(each for each in visible if after is None or each > after)
            found = list(_existing(ids[: PAGE + 1]))
        more = found[PAGE - 1].id if len(found) > PAGE else None
        shown = [Shown(one, wants_of(one), one.id in failing) for one in found[:PAGE]]
        return self.show(listeners=shown, more=more)


class ListenerView(ListenerPage):
    """One listener."""

    template = "durian/listener.html"

    def get(self, _request: Any, listener_id: str) -> HttpResponse:
        """Show it with its last attempts."""
        listener = self.listener(listener_id)
        store = current().store
        page = store.list_attempts(listener=listener_id, limit=SHOWN_ATTEMPTS)
        breakers = {breaker.listener_id: breaker for breaker in store.open_breakers()}
        created_at, changed_at = store.listener_dates(listener_id)
        return self.show(
            title=listener.url,
            listener=listener,
            wants=wants_of(listener),
            attempts=[one.for_owner() for one in page.attempts],
            failing=breakers.get(listener_id),
            created_at=created_at,
            changed_at=changed_at,
            may_change=self.rights.may_with("change", listener_id),
            may_remove=self.rights.may_with("delete", listener_id),
        )


class ChangeListenerView(ListenerPage):
    """Change a listener: where to, what it wants, and whether it is enabled."""

    action = "change"
    template = "durian/change_listener.html"
    title = "Change a listener"

    def get(self, _request: Any, listener_id: str) -> HttpResponse:
        """Show the form."""
        listener = self.listener(listener_id)
        return self.show(form=ChangeListenerForm.of(listener), listener=listener)

    def post(self, request: Any, listener_id: str) -> HttpResponse:
        """Change it."""
        listener = self.listener(listener_id)
        form = ChangeListenerForm.of(listener, request.POST)
        if form.is_valid():
            try:
                changed = listener.replace(**form.cleaned_data)
            except InvalidInput as error:
                form.add_error(error.field if error.field in form.fields else None, str(error))
            else:
                with current().desk() as desk:
                    desk.update(changed)
                return self.go("listener", listener_id, said="The listener was changed.")
        return self.show(form=form, listener=listener)


class RemoveListenerView(ListenerPage):
    """Remove a listener with what is queued for it."""

    action = "delete"
    template = "durian/remove_listener.html"
    title = "Remove a listener"

    def get(self, _request: Any, listener_id: str) -> HttpResponse:
        """Ask."""
        return self.show(listener=self.listener(listener_id))

    def post(self, _request: Any, listener_id: str) -> HttpResponse:
        """Remove it."""
        with current().desk() as desk:
            desk.remove(listener_id)
        Owned.objects.filter(pk=listener_id).delete()
        return self.go("listeners", said="The listener was removed.")


class RotateSecretView(ListenerPage):
    """Give a listener a new secret."""

    action = "change"

    def post(self, _request: Any, listener_id: str) -> HttpResponse:
        """Rotate it, and show the new one this once."""
        now = time.time()
        new = ListenerSecret.new(now=now)
        current().store.rotate_secret(listener_id, new, OVERLAP_S, now)
        return self.show(
            template="durian/created.html",
            title="A new secret",
            listener=self.listener(listener_id),
            secret=new.value,
            rotated=True,
        )


def wants_of(listener: Listener) -> str:
    """A listener's filter in the short form; empty when it wants every event."""
    try:
        conditions = Filter.parse(listener.filter)
    except DurianError:
        return listener.filter  # of another version
    return "" if conditions == Filter() else conditions.to_short()


def _existing(ids: list[str]) -> Iterator[Listener]:
    """The listeners of some ids; one may have been removed by other means."""
    store = current().store
    for listener_id in ids:
        try:
            yield store.get_listener(listener_id)
        except NotFound:
            continue
