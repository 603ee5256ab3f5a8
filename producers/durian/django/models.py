"""The outbox; and what else is shown of Durian, by its permissions."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from durian.errors import InvalidEvent
from durian.events.document import event_of


class OutboxEvent(models.Model):
    """An event that is to be published, or was."""

    #: The event, as a CloudEvents JSON document: whatever can write one may write a row.
    event = models.TextField(_("event"))
    created_at = models.DateTimeField(_("created at"))
    #: When the broker confirmed it.
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    #: Why it cannot be published, and is passed over until somebody empties this.
    error = models.TextField(_("error"), null=True, blank=True)  # noqa: DJ001  # as `durian relay` has it
    #: Which relay has it, where the database cannot skip locked rows, and until when.
    holder = models.CharField(_("holder"), max_length=36, null=True, blank=True)  # noqa: DJ001  # absent
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
                condition=models.Q(sent_at__isnull=True, error__isnull=True),
            ),
            models.Index(fields=["sent_at"], name="durian_outbox_sent_at"),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.pk}"

    @property
    def type(self) -> str:
        """The event's type; empty when it is no event."""
        try:
            return event_of(self.event).type
        except InvalidEvent:
            return ""


class ReceivedWebhook(models.Model):
    """A webhook that was handled here: `durian.django.receiving` handles each once."""

    webhook_id = models.CharField(_("webhook id"), max_length=255, primary_key=True)
    received_at = models.DateTimeField(_("received at"), default=timezone.now, db_index=True)

    class Meta:
        """Kept for a while."""

        db_table = "durian_received"
        verbose_name = _("received webhook")
        verbose_name_plural = _("received webhooks")

    def __str__(self) -> str:
        return str(self.webhook_id)


class _NoRows(models.Manager):
    """Finds nothing and asks for no table, whoever looks at every model, as `dumpdata` does."""

    def get_queryset(self) -> Any:
        """Nothing."""
        return super().get_queryset().none()


class Listener(models.Model):  # noqa: DJ008  # there are no instances
    """Listeners, as a place in the admin and as permissions."""

    objects = _NoRows()

    class Meta:
        """No table: listeners are in Durian's registry."""

        managed = False
        base_manager_name = "objects"
        verbose_name = _("listener")
        verbose_name_plural = _("listeners")
        permissions = (
            ("replay_listener", _("Can send dead letters of any listener again")),
            ("emit_event", _("Can send events of a hook by hand")),
        )


class Attempt(models.Model):  # noqa: DJ008  # there are no instances
    """The attempt log, as a place in the admin and a permission."""

    objects = _NoRows()

    class Meta:
        """No table: the log is in Durian's registry."""

        managed = False
        base_manager_name = "objects"
        default_permissions = ("view",)
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")


class DeadLetter(models.Model):  # noqa: DJ008  # there are no instances
    """The dead letters, as a place in the admin and a permission."""

    objects = _NoRows()

    class Meta:
        """No table: dead letters are on the broker."""

        managed = False
        base_manager_name = "objects"
        default_permissions = ("view",)
        verbose_name = _("dead letter")
        verbose_name_plural = _("dead letters")
