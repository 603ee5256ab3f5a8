"""Which fields of an instance have changed since it was made, loaded or last saved."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from copy import deepcopy
from typing import Any

from durian.hook.reference import imported

#: Where an instance keeps its values of that time.
_SEEN = "_durian_seen"


def follow(model: Any, attributes: Collection[str], senders: Iterable[Any]) -> None:
    """Keep the values of attributes whenever an instance is made or loaded."""

    def keep(instance: Any, **_: Any) -> None:
        _keep(instance.__dict__, attributes)

    for number, sender in enumerate(senders):
        _post_init().connect(keep, sender=sender, weak=False, dispatch_uid=_uid(model, number))


def forget(model: Any, senders: Iterable[Any]) -> None:
    """Stop that."""
    for number, sender in enumerate(senders):
        _post_init().disconnect(sender=sender, dispatch_uid=_uid(model, number))


def just_saved(
    instance: Any, attributes: Collection[str], *, created: bool, only: Collection[str] | None
) -> list[str]:
    """The attributes that a save has changed, and keep their values anew.

    All of them when it was created; `only` those named where the save left out the others.
    """
    values = instance.__dict__
    seen = values.setdefault(_SEEN, {})
    saved = [name for name in attributes if name in values and (only is None or name in only)]
    names = [name for name in saved if created or name not in seen or seen[name] != values[name]]
    _keep(values, names)
    return names


def _keep(values: dict[str, Any], names: Iterable[str]) -> None:
    seen = values.setdefault(_SEEN, {})
    for name in names:
        if name in values:  # else it is deferred, and nobody knows
            value = values[name]
            seen[name] = deepcopy(value) if isinstance(value, dict | list) else value


def _post_init() -> Any:
    return imported("signal", "django.db.models.signals.post_init")


def _uid(model: Any, number: int) -> str:
    return f"durian:changed:{model._meta.label}:{number}"  # noqa: SLF001  # Django's own way
