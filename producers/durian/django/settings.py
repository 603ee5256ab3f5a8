"""What a project says in its setting `DURIAN`."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings as project
from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from durian.errors import InvalidSettings
from durian.errors.fault import reason_of
from durian.hook import Settings

#: The name of the setting, a dict.
SETTING = "DURIAN"


class DjangoSettings(Settings):
    """The settings of the app: those that every program with hooks has, and its own.

    In the project's settings their names are upper case. What is not there comes from the
    environment (`DURIAN_BROKER_URL`, ...).
    """

    #: Whether events are written to the database within the transaction that causes them, for a
    #: relay to publish. False: they are published in the process itself, after the commit.
    outbox: bool = True
    #: Whether each process relays what it has committed at once, on a thread of its own; for
    #: everything else there still is `manage.py durian_relay`.
    eager: bool = False
    #: Seconds that published events are kept in the outbox.
    outbox_keep_s: float = Field(24 * 3600.0, ge=0)
    #: Seconds that publishing may take after a commit, where there is no outbox.
    publish_timeout_s: float = Field(5.0, gt=0, le=60)


def given() -> Mapping[str, Any]:
    """The setting as the project has it, names in lower case."""
    setting = getattr(project, SETTING, {})
    if not isinstance(setting, Mapping):
        return {}
    return {str(name).lower(): value for name, value in setting.items()}


def read() -> DjangoSettings:
    """Read the setting. Raises InvalidSettings; the system checks explain every mistake."""
    return DjangoSettings.read(given())


def mistakes() -> Iterator[tuple[str, str, str]]:
    """Every mistake in the setting: the name of what is wrong, why, and what to do."""
    setting = getattr(project, SETTING, {})
    if not isinstance(setting, Mapping):
        yield SETTING, f"is a {type(setting).__name__}", "Make it a dict."
        return
    for name in setting:
        if not isinstance(name, str) or not name.isupper():
            yield f"{SETTING}[{name!r}]", "is not in upper case", "Write its name in upper case."
    environment = {
        name: os.environ[f"DURIAN_{name.upper()}"]
        for name in DjangoSettings.model_fields
        if os.environ.get(f"DURIAN_{name.upper()}")
    }
    found = {**environment, **given()}
    try:
        DjangoSettings.model_validate(found)
    except ValidationError as exc:
        for error in exc.errors(include_url=False):
            yield _mistake(error)
    yield from _unreadable(found)


def _unreadable(found: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """URLs that would be refused by who uses them, which is later."""
    from durian.producers.broker_url import check_broker_urls  # noqa: PLC0415  # brings kombu
    from durian.registry.sql.address import read_url  # noqa: PLC0415  # brings SQLAlchemy

    # An empty one means a `durian up`.
    checks = (
        ("BROKER_URL", found.get("broker_url") or None, check_broker_urls),
        ("REGISTRY_URL", found.get("registry_url"), read_url),
    )
    for name, value, check in checks:
        try:
            if isinstance(value, str):
                check(value)
        except InvalidSettings as exc:
            yield f'{SETTING}["{name}"]', exc.reason, exc.advice


def _mistake(error: ErrorDetails) -> tuple[str, str, str]:
    name = str(error["loc"][0]).upper()
    place = f'{SETTING}["{name}"]'
    if error["type"] != "extra_forbidden":
        return place, reason_of(error), ""
    known = [field.upper() for field in DjangoSettings.model_fields]
    close = difflib.get_close_matches(name, known, 1)
    hint = f"Did you mean {close[0]!r}?" if close else f"There are {', '.join(known)}."
    return place, "is not a setting of Durian's", hint
