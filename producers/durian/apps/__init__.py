"""Where Django looks for an app that INSTALLED_APPS calls `durian`: it says the right name.

`durian` is a namespace, which Django takes for an app without models: no hook would be loaded, and
no event sent. The durian of 2009 was installed by that name.
"""

from __future__ import annotations

from typing import NoReturn

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured


class DurianConfig(AppConfig):
    """No app: refuses to be one."""

    name = "durian"

    def __init__(self, *_: object) -> NoReturn:
        raise ImproperlyConfigured('INSTALLED_APPS: write "durian.django" in place of "durian".')
