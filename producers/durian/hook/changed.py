"""Which fields of an instance have changed since it was loaded, refreshed or last saved."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from copy import deepcopy
from functools import wraps
from typing import Any

from durian.hook.wrapping import Wrapping

#: Where an instance keeps its values of that time, by the hook that asks for them: each is told of
#: a save in its turn, and must not find what the one before it has kept anew.
_SEEN = "_durian_seen"

#: The attributes that are kept of each model's instances, by hook. Replaced, never changed.
_WANTED: dict[Any, dict[str, Collection[str]]] = {}


def follow(models: Iterable[Any], hook: str, attributes: Collection[str]) -> None:
    """Keep the values of attributes for a hook whenever an instance is loaded."""
    for model in models:
        _WANTED[model] = {**_WANTED.get(model, {}), hook: attributes}
        _LOADING.add(model)
        _RELOADING.add(model)


def forget(models: Iterable[Any], hook: str) -> None:
    """Stop that."""
    for model in models:
        _LOADING.remove(model)
        _RELOADING.remove(model)
        _WANTED[model] = {name: of for name, of in _WANTED[model].items() if name != hook}


def is_followed(model: Any) -> bool:
    """Tell whether values of a model's instances are kept."""
    return bool(_WANTED.get(model))


def compare_with(before: Any, instance: Any) -> None:
    """Let an instance that was loaded after a change be compared with itself before it."""
    instance.__dict__[_SEEN] = before.__dict__.get(_SEEN, {})


def attributes_of(instance: Any, fields: Iterable[str]) -> set[str]:
    """The attributes that hold fields, which are named as Django lets them be named."""
    concrete = instance._meta.concrete_fields  # noqa: SLF001  # Django's own way
    return {field.attname for field in concrete if {field.name, field.attname} & {*fields}}


def just_saved(
    instance: Any,
    hook: str,
    attributes: Collection[str],
    *,
    created: bool,
    only: Collection[str] | None,
) -> list[str]:
    """The attributes that a save has changed, for a hook, and keep their values anew.

    All of them when it was created; `only` those named where the save left out the others.
    """
    values = instance.__dict__
    seen = values.get(_SEEN, {}).get(hook, {})
    saved = [name for name in attributes if name in values and (only is None or name in only)]
    names = [name for name in saved if created or name not in seen or seen[name] != values[name]]
    _keep(values, hook, names)
    return names


def _keep(values: dict[str, Any], hook: str, names: Iterable[str]) -> None:
    seen = values.setdefault(_SEEN, {}).setdefault(hook, {})
    for name in names:
        if name in values:  # else it is deferred, and nobody knows
            value = values[name]
            seen[name] = deepcopy(value) if isinstance(value, dict | list) else value


def _keeping(model: Any, from_db: Any) -> Any:
    """Wrap `from_db`: signals of Django's would be sent for instances that are made, too."""

    def load(cls: Any, *args: Any, **kwargs: Any) -> Any:
        instance = from_db.__func__(cls, *args, **kwargs)
        for hook, names in _WANTED[model].items():
            _keep(instance.__dict__, hook, names)
        return instance

    return classmethod(load)


def _keeping_anew(model: Any, refresh: Any) -> Any:
    """Wrap `refresh_from_db`, which a deferred field is loaded by as well."""

    @wraps(refresh)
    def reload(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = refresh(self, *args, **kwargs)  # as it came: models override it as they like
        fields = kwargs.get("fields", args[1] if len(args) > 1 else None)
        loaded = None if fields is None else attributes_of(self, fields)
        for hook, names in _WANTED[model].items():
            _keep(self.__dict__, hook, [name for name in names if loaded is None or name in loaded])
        return result

    return reload


_LOADING = Wrapping("from_db", _keeping)
_RELOADING = Wrapping("refresh_from_db", _keeping_anew)
