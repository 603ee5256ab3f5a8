"""The outbox, and who owns which listener; the listeners themselves are in Durian's registry."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class OutboxEvent(models.Model):
    """An event that is to be published, or was."""

    #: The event's type, for people.
    type = models.CharField(_("type"), max_length=255)
    #: All attributes of the event, as a JSON object of strings.
    attributes = models.TextField(_("attributes"))
    #: Its data as it is published, byte for byte.
    body = models.BinaryField(_("body"))
    created_at = models.DateTimeField(_("created at"))
    #: When the broker confirmed it.
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    #: Why it cannot be published, and is passed over.
    error = models.TextField(_("error"), default="", blank=True)
    #: Which relay has it, where the database has no SKIP LOCKED, and until when.
    holder = models.CharField(_("holder"), max_length=36, default="", blank=True)
    held_until = models.DateTimeField(_("held until"), null=True, blank=True)

    class Meta:
        """Named after what it is to users, not after the class."""

        db_table = "durian_outbox"
        verbose_name = _("event in the outbox")
        verbose_name_plural = _("events in the outbox")
        indexes = (
            # What relays look for stays small, however many published rows are kept.
            models.Index(
                fields=["id"],
                name="durian_outbox_waiting",
                condition=models.Q(published_at__isnull=True),
            ),
            models.Index(fields=["published_at"], name="durian_outbox_published"),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.pk}"


class Listener(models.Model):
    """Who owns a listener of the registry that was made in this project."""

    id = models.CharField(_("id"), max_length=64, primary_key=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("owner"),
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        """Its permissions are what the views ask for."""

        verbose_name = _("listener")
        verbose_name_plural = _("listeners")
        permissions = (
            ("replay_listener", _("Can send dead letters of any listener again")),
            ("emit_event", _("Can send events of a hook by hand")),
        )

    def __str__(self) -> str:
        return str(self.id)


class Attempt(Listener):
    """The attempt log, as a place in the admin and a permission."""

    class Meta:
        """No table: the log is in Durian's registry."""

        proxy = True
        default_permissions = ("view",)
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")


class DeadLetter(Listener):
    """The dead letters, as a place in the admin and a permission."""

    class Meta:
        """No table: dead letters are on the broker."""

        proxy = True
        default_permissions = ("view",)
        verbose_name = _("dead letter")
        verbose_name_plural = _("dead letters")
