"""Pages about what became of deliveries: the attempt log, and dead letters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpResponse

from durian.django import operations
from durian.django.views.page import Page
from durian.hook import current
from durian.registry.attempt import RESULTS, Result

#: Attempts on a page.
PAGE = 50


class AttemptsView(Page):
    """The attempt log, the newest first."""

    template = "durian/attempts.html"
    title = "Attempts"

    def get(self, request: Any) -> HttpResponse:
        """Show a page of it."""
        asked = request.GET.get("result", "")
        result: Result | None = asked if asked in RESULTS else None
        listener = request.GET.get("listener") or None
        whole = self.rights.sees_attempts
        if not whole:
            # Those of a listener that they may see; without one there is nothing to show.
            self.store().get_listener(listener or "")
        event = request.GET.get("event") or None
        page = current().store.list_attempts(
            after=request.GET.get("after") or None,
            limit=PAGE,
            listener=listener,
            event_id=event,
            result=result,
        )
        shown = [one if whole else one.for_owner() for one in page.attempts]
        query = request.GET.copy()
        query["after"] = page.next or ""
        return self.show(
            attempts=[replace(one, response_body=one.response_body[:500]) for one in shown],
            results=RESULTS,
            result=result,
            listener=listener or "",
            event=event or "",
            more=query.urlencode() if page.next else "",
        )


class DeadLettersView(Page):
    """How many dead letters each listener has."""

    template = "durian/dead_letters.html"
    title = "Dead letters"

    def allowed(self, **_: Any) -> bool:
        """Those who may see all."""
        return self.rights.sees_dead_letters

    def get(self, _request: Any) -> HttpResponse:
        """Count them."""
        return self.show(counts=sorted(operations.count_dead_letters().items()))


class DeadLettersOfView(Page):
    """The dead letters of one listener, and sending them again."""

    template = "durian/dead_letters_of.html"
    title = "Dead letters"

    def get(self, _request: Any, listener_id: str) -> HttpResponse:
        """Show the oldest."""
        self._make_sure(listener_id)
        why = "reason" if self.rights.sees_dead_letters else "public_reason"
        letters = [letter | {"why": letter[why]} for letter in operations.dead_letters(listener_id)]
        return self.show(listener_id=listener_id, letters=letters)

    def post(self, request: Any, listener_id: str) -> HttpResponse:
        """Send those that were chosen again, or all."""
        self._make_sure(listener_id)
        everything = request.POST.get("action") == "all"
        chosen = None if everything else request.POST.getlist("letter")
        sent = operations.send_again(listener_id, chosen) if chosen != [] else 0
        said = f"{sent} dead letter{'' if sent == 1 else 's'} sent again."
        return self.go("dead_letters_of", listener_id, said=said)

    def _make_sure(self, listener_id: str) -> None:
        """Make sure that it is theirs; whoever may replay all may do so when it is gone, too."""
        if self.principal("replay").owner is not None:
            self.store("replay").get_listener(listener_id)
