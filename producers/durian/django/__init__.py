"""Durian in a Django project: `INSTALLED_APPS += ["durian.django"]`.

Hooks live in each application's `hooks.py`. Their events leave when the transaction that caused
them commits, and never for one that is rolled back. `durian.django.bulk` sends for changes that
Django has no signals of; `durian.django.test` has what tests need.
"""

from __future__ import annotations

__all__: list[str] = []
