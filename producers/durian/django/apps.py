"""The app's beginning: settings, system checks, and the hooks of every other app."""

from __future__ import annotations

import atexit

from django.apps import AppConfig
from django.core import checks
from django.core.signals import setting_changed
from django.utils.module_loading import autodiscover_modules


class DurianConfig(AppConfig):
    """`durian.django` among INSTALLED_APPS."""

    name = "durian.django"
    label = "durian"
    verbose_name = "Durian"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let hooks work with this project, and load each app's `hooks.py`."""
        from durian.django.checks import check_all, check_deployment  # noqa: PLC0415  # needs the apps
        from durian.django.deployment import DjangoDeployment  # noqa: PLC0415  # the same
        from durian.hook import use  # noqa: PLC0415  # the same
        from durian.registry import hooks  # noqa: PLC0415  # the same

        checks.register(check_all)
        checks.register(check_deployment, deploy=True)
        deployment = DjangoDeployment()
        use(deployment)
        atexit.register(deployment.close)
        setting_changed.connect(deployment.reread)
        for hook in hooks:
            deployment.bound(hook)
        autodiscover_modules("hooks")
