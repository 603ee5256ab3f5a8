"""Durian in the admin: listeners, attempts, dead letters, and the outbox."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin
from django.urls import path

from durian.django import views
from durian.django.models import Attempt, DeadLetter, Listener, OutboxEvent
from durian.django.places import ADMIN


class _Pages(admin.ModelAdmin):
    """A place in the admin whose pages are views of the app."""

    def page(self, view: Any) -> Callable[..., Any]:
        """A view with the admin around it."""

        def show(request: Any, *args: Any, **kwargs: Any) -> Any:
            around = partial(self._around, request)
            return view.as_view(place=ADMIN, around=around)(request, *args, **kwargs)

        wrapped: Callable[..., Any] = self.admin_site.admin_view(show)
        return wrapped

    def _around(self, request: Any) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.model._meta}  # noqa: SLF001  # Django's own way


@admin.register(Listener)
class ListenerAdmin(_Pages):
    """Listeners, by the same two screens as everywhere."""

    def get_urls(self) -> list[Any]:
        """The pages, under the names by which the admin looks for them."""
        one = "<slug:listener_id>/"
        return [
            path("", self.page(views.ListenersView), name="durian_listener_changelist"),
            path("add/", self.page(views.SelectEventView), name="durian_listener_add"),
            path(
                "add/listener/",
                self.page(views.CreateListenerView),
                name="durian_create_listener",
            ),
            path("events/<str:name>/", self.page(views.SendEventView), name="durian_send_event"),
            path(f"{one}change/", self.page(views.ListenerView), name="durian_listener_change"),
            path(f"{one}edit/", self.page(views.ChangeListenerView), name="durian_change_listener"),
            path(
                f"{one}delete/", self.page(views.RemoveListenerView), name="durian_listener_delete"
            ),
            path(f"{one}secret/", self.page(views.RotateSecretView), name="durian_rotate_secret"),
            path(f"{one}dead/", self.page(views.DeadLettersOfView), name="durian_dead_letters_of"),
        ]


class _Log(_Pages):
    """A place that is only looked at."""

    def has_add_permission(self, request: Any) -> bool:  # noqa: ARG002  # Django's signature
        """Nothing is added by hand."""
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:  # noqa: ARG002  # the same
        """Nothing is changed."""
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:  # noqa: ARG002  # the same
        """Nothing is deleted."""
        return False


@admin.register(Attempt)
class AttemptAdmin(_Log):
    """The attempt log."""

    def get_urls(self) -> list[Any]:
        """The one page."""
        name = "durian_attempt_changelist"
        return [path("", self.page(views.AttemptsView), name=name)]


@admin.register(DeadLetter)
class DeadLetterAdmin(_Log):
    """Dead letters, by listener."""

    def get_urls(self) -> list[Any]:
        """The one page; those of a listener are beside it."""
        name = "durian_deadletter_changelist"
        return [path("", self.page(views.DeadLettersView), name=name)]


@admin.register(OutboxEvent)
class OutboxEventAdmin(_Log):
    """The outbox, as it is."""

    list_display = ("id", "type", "created_at", "sent_at", "error")
    list_filter = ("created_at", "sent_at")
    fields = ("event", "created_at", "sent_at", "error")
    readonly_fields = fields
