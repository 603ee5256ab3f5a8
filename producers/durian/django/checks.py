"""System checks: every mistake in the setting, and hooks that tell more than they may mean to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings as project
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004  # Django's own name

from durian.django.settings import DjangoSettings, mistakes, read
from durian.errors import InvalidSettings
from durian.hook import ModelHook
from durian.registry import hooks

#: Fields that nobody means to send; they are sent by hooks that name none.
_DELICATE = re.compile(r"passw|secret|token|api_?key|hash|salt|otp", re.IGNORECASE)


def check_all(**_: Any) -> list[CheckMessage]:
    """Check the setting and the hooks."""
    return [*_setting(), *_broker(), *_hooks()]


def check_deployment(**_: Any) -> list[CheckMessage]:
    """Check, for `check --deploy`, what processes in several places must share."""
    try:
        settings = read()
    except InvalidSettings:
        return []
    return [*_registry(settings), *_keys(settings)]


def _registry(settings: DjangoSettings) -> Iterator[CheckMessage]:
    scheme, _, path = settings.registry_url.partition(":///")
    if scheme == "sqlite" and not Path(path).is_absolute():
        yield Warning(
            f'DURIAN["REGISTRY_URL"] is {path!r} in the working directory, whichever that is.',
            hint="Name a database that all processes reach, postgresql://..., or an absolute path.",
            id="durian.W003",
        )


def _keys(settings: DjangoSettings) -> Iterator[CheckMessage]:
    if not settings.secret_keys.get_secret_value() and settings.secret_key_file is None:
        yield Warning(
            "Listeners' secrets are sealed with a key in the home directory of whoever runs a "
            "process: others cannot sign with them.",
            hint='Set DURIAN["SECRET_KEYS"] for all; `openssl rand -base64 32` makes one.',
            id="durian.W004",
        )


def _setting() -> Iterator[CheckMessage]:
    for place, reason, hint in mistakes():
        yield Error(f"{place} {reason}.", hint=hint or None, id="durian.E001")


def _broker() -> Iterator[CheckMessage]:
    try:
        settings = read()
    except InvalidSettings:
        return
    if project.DEBUG or settings.broker_url or all(not hook.asynchronous for hook in _all_hooks()):
        return
    yield Warning(
        'DURIAN["BROKER_URL"] is not set: events are handed to a `durian up` at '
        f"{settings.api_host}:{settings.api_port}, which keeps them in its memory.",
        hint="That is for development. Set it to amqp://user:password@host/.",
        id="durian.W001",
    )


def _hooks() -> Iterator[CheckMessage]:
    for hook in _all_hooks():
        if not isinstance(hook, ModelHook) or hook.provides_args is not None:
            continue
        delicate = [name for name in hook.provides() or () if _DELICATE.search(name)]
        if delicate:
            yield Warning(
                f"The hook {hook.name!r} sends every field of {hook.model.__name__}, "
                f"{', '.join(delicate)} among them.",
                hint="Name what it may send in provides_args.",
                obj=hook,
                id="durian.W002",
            )


def _all_hooks() -> list[Any]:
    return list(hooks)
