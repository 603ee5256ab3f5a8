"""Pages about listeners that exist: all of them, one of them, and what can be done with it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils import timezone

from durian.django.forms import ChangeListenerForm
from durian.django.settings import DjangoSettings
from durian.django.store import waiting_since
from durian.django.views.page import Page
from durian.errors import DurianError, InvalidInput
from durian.hook import current
from durian.match import Filter
from durian.registry import Listener, ListenerSecret, hooks

#: Listeners on a page, and attempts of one that its page shows.
PAGE = 50
SHOWN_ATTEMPTS = 10

#: How long an event may wait in the outbox before it is said that no relay seems to be at work.
RELAYED_WITHIN = timedelta(minutes=1)

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

    def get(self, request: Any) -> HttpResponse:
        """Show a page of them."""
        store = self.store()
        failing = {breaker.listener_id for breaker in store.open_breakers()}
        after = request.GET.get("after") or None
        found = store.list_listeners(after=after, limit=PAGE + 1)
        more = found[PAGE - 1].id if len(found) > PAGE else None
        shown = [Shown(one, wants_of(one), one.id in failing) for one in found[:PAGE]]
        return self.show(listeners=shown, more=more, unrelayed=self._unrelayed())

    def _unrelayed(self) -> datetime | None:
        """Since when events wait for a relay, for those who may see the outbox."""
        settings = current().settings
        used = isinstance(settings, DjangoSettings) and settings.outbox
        if not used or not self.rights.may("view", "outboxevent"):
            return None
        since = waiting_since()
        return since if since and timezone.now() - since > RELAYED_WITHIN else None


class ListenerView(Page):
    """One listener."""

    template = "durian/listener.html"

    def get(self, _request: Any, listener_id: str) -> HttpResponse:
        """Show it with its last attempts."""
        store = self.store()
        entry = store.listener_entry(listener_id)
        page = store.list_attempts(listener=listener_id, limit=SHOWN_ATTEMPTS)
        breakers = {breaker.listener_id: breaker for breaker in store.open_breakers()}
        return self.show(
            title=entry.listener.url,
            listener=entry.listener,
            entry=entry,
            wants=wants_of(entry.listener),
            attempts=[one.for_owner() for one in page.attempts],
            failing=breakers.get(listener_id),
            may_change=self._may("change", entry.listener),
            may_remove=self._may("delete", entry.listener),
        )

    def _may(self, action: str, listener: Listener) -> bool:
        principal = self.rights.principal(action)
        return principal is not None and principal.owner in (None, listener.owner)


class ChangeListenerView(Page):
    """Change a listener: where to, what it wants, and whether it is enabled."""

    template = "durian/change_listener.html"
    title = "Change a listener"

    def get(self, _request: Any, listener_id: str) -> HttpResponse:
        """Show the form."""
        listener = self.store("change").get_listener(listener_id)
        return self.show(
            form=ChangeListenerForm.of(listener, self._narrowed(listener)), listener=listener
        )

    def post(self, request: Any, listener_id: str) -> HttpResponse:
        """Change it."""
        listener = self.store("change").get_listener(listener_id)
        form = ChangeListenerForm.of(listener, self._narrowed(listener), request.POST)
        if form.is_valid():
            try:
                changed = listener.replace(**form.cleaned_data)
            except InvalidInput as error:
                form.add_error(error.field if error.field in form.fields else None, str(error))
            else:
                with current().desk(self.principal("change")) as desk:
                    desk.update(changed)
                return self.go("listener", listener_id, said="The listener was changed.")
        return self.show(form=form, listener=listener)

    def _narrowed(self, listener: Listener) -> Filter:
        """What of its event the user may know. Raises PermissionDenied when nothing."""
        known: dict[str, Any] = {hook.name: hook for hook in hooks}
        if listener.event not in known:  # made elsewhere, of another program's events
            return Filter()
        narrowed: Filter | None = known[listener.event].filter_for(self.request.user)
        if narrowed is None:
            raise PermissionDenied
        return narrowed


class RemoveListenerView(Page):
    """Remove a listener with what is queued for it."""

    template = "durian/remove_listener.html"
    title = "Remove a listener"

    def get(self, _request: Any, listener_id: str) -> HttpResponse:
        """Ask."""
        return self.show(listener=self.store("delete").get_listener(listener_id))

    def post(self, _request: Any, listener_id: str) -> HttpResponse:
        """Remove it."""
        with current().desk(self.principal("delete")) as desk:
            desk.remove(listener_id)
        return self.go("listeners", said="The listener was removed.")


class RotateSecretView(Page):
    """Give a listener a new secret."""

    def post(self, _request: Any, listener_id: str) -> HttpResponse:
        """Rotate it, and show the new one this once."""
        store = self.store("change")
        now = time.time()
        new = ListenerSecret.new(now=now)
        store.rotate_secret(listener_id, new, OVERLAP_S, now)
        return self.show(
            template="durian/created.html",
            title="A new secret",
            listener=store.get_listener(listener_id),
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
