"""The first tables: the outbox, and what was received; and the permissions."""

from __future__ import annotations

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """What the app needs of the database."""

    initial = True

    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
            options={
                "verbose_name": "attempt",
                "verbose_name_plural": "attempts",
                "managed": False,
                "base_manager_name": "objects",
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="DeadLetter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
            options={
                "verbose_name": "dead letter",
                "verbose_name_plural": "dead letters",
                "managed": False,
                "base_manager_name": "objects",
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Listener",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
            options={
                "verbose_name": "listener",
                "verbose_name_plural": "listeners",
                "permissions": (
                    ("replay_listener", "Can send dead letters of any listener again"),
                    ("emit_event", "Can send events of a hook by hand"),
                ),
                "managed": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="ReceivedWebhook",
            fields=[
                (
                    "webhook_id",
                    models.CharField(
                        max_length=255, primary_key=True, serialize=False, verbose_name="webhook id"
                    ),
                ),
                (
                    "received_at",
                    models.DateTimeField(
                        db_index=True, default=django.utils.timezone.now, verbose_name="received at"
                    ),
                ),
            ],
            options={
                "verbose_name": "received webhook",
                "verbose_name_plural": "received webhooks",
                "db_table": "durian_received",
            },
        ),
        migrations.CreateModel(
            name="OutboxEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event", models.TextField(verbose_name="event")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                ("error", models.TextField(blank=True, null=True, verbose_name="error")),
                (
                    "holder",
                    models.CharField(blank=True, max_length=36, null=True, verbose_name="holder"),
                ),
                (
                    "held_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="held until"),
                ),
            ],
            options={
                "verbose_name": "event in the outbox",
                "verbose_name_plural": "events in the outbox",
                "db_table": "durian_outbox",
                "indexes": [
                    models.Index(
                        condition=models.Q(("error__isnull", True), ("sent_at__isnull", True)),
                        fields=["id"],
                        name="durian_outbox_waiting",
                    ),
                    models.Index(fields=["sent_at"], name="durian_outbox_sent_at"),
                ],
            },
        ),
    ]
