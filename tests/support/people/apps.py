"""The application of the test project."""

from __future__ import annotations

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "tests.support.people"
    label = "people"
