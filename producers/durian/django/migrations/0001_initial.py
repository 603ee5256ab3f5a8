"""The first tables: the outbox, and who owns which listener."""

from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """What the app needs of the database."""

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Listener",
            fields=[
                (
                    "id",
                    models.CharField(
                        max_length=64, primary_key=True, serialize=False, verbose_name="id"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created at"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
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
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[],
            options={
                "verbose_name": "attempt",
                "verbose_name_plural": "attempts",
                "proxy": True,
                "default_permissions": ("view",),
                "indexes": [],
                "constraints": [],
            },
            bases=("durian.listener",),
        ),
        migrations.CreateModel(
            name="DeadLetter",
            fields=[],
            options={
                "verbose_name": "dead letter",
                "verbose_name_plural": "dead letters",
                "proxy": True,
                "default_permissions": ("view",),
                "indexes": [],
                "constraints": [],
            },
            bases=("durian.listener",),
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
                ("type", models.CharField(max_length=255, verbose_name="type")),
                ("attributes", models.TextField(verbose_name="attributes")),
                ("body", models.BinaryField(verbose_name="body")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                (
                    "published_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="published at"),
                ),
                ("error", models.TextField(blank=True, default="", verbose_name="error")),
                (
                    "holder",
                    models.CharField(blank=True, default="", max_length=36, verbose_name="holder"),
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
                        condition=models.Q(("published_at__isnull", True)),
                        fields=["id"],
                        name="durian_outbox_waiting",
                    ),
                    models.Index(fields=["published_at"], name="durian_outbox_published"),
                ],
            },
        ),
    ]
