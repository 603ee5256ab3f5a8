"""Changes of many rows at once, told: Django sends no signals for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import router, transaction
from django.db.models.signals import post_save

from durian.hook import ModelHook
from durian.hook.changed import compare_with, is_followed
from durian.registry import hooks

#: Rows that are read back at once to tell of them.
CHUNK = 500


def create(
    model: Any, instances: Iterable[Any], *, using: str | None = None, **options: Any
) -> list[Any]:
    """Do as `bulk_create` does and tell of each instance, in one transaction.

    Instances must have their key afterwards, or hooks cannot name it: all databases that Django 4.2
    supports return it, but for `ignore_conflicts`, which is refused for that reason.
    """
    if options.get("ignore_conflicts"):
        reason = "ignore_conflicts leaves open which rows were created"
        raise ValueError(reason)
    alias = using or router.db_for_write(model)
    with transaction.atomic(using=alias):
        made: list[Any] = model._base_manager.using(alias).bulk_create(instances, **options)  # noqa: SLF001  # Django's own way
        for instance in made:
            _tell(model, instance, alias, created=True)
    return made


def save(
    model: Any,
    instances: Sequence[Any],
    fields: Sequence[str],
    *,
    using: str | None = None,
    **options: Any,
) -> int:
    """Do as `bulk_update` does and tell of each instance, in one transaction."""
    alias = using or router.db_for_write(model)
    with transaction.atomic(using=alias):
        count: int = model._base_manager.using(alias).bulk_update(instances, fields, **options)  # noqa: SLF001  # Django's own way
        for instance in instances:
            _tell(model, instance, alias, created=False, update_fields=fields)
    return count


def update(rows: Any, **values: Any) -> int:
    """Do as `QuerySet.update` does and tell of each row as it then is, in one transaction."""
    rows = rows.using(rows._db or router.db_for_write(rows.model))  # noqa: SLF001  # Django's own way
    with transaction.atomic(using=rows.db):
        # Locked, so that exactly these are changed; by key, because the change may unselect them.
        keys = _lock(rows)
        chosen = rows.model._base_manager.using(rows.db)  # noqa: SLF001  # the same
        before = {}
        if is_followed(rows.model):
            before = {one.pk: one for part in _parts(keys) for one in chosen.filter(pk__in=part)}
        count: int = sum(chosen.filter(pk__in=part).update(**values) for part in _parts(keys))
        for part in _parts(keys):
            for instance in chosen.filter(pk__in=part).order_by("pk"):
                if instance.pk in before:
                    compare_with(before[instance.pk], instance)
                options = {"created": False, "update_fields": list(values)}
                _tell(rows.model, instance, rows.db, **options)
    return count


def _lock(rows: Any) -> list[Any]:
    """Lock rows, and tell their keys."""
    query = rows.query
    joined = query.distinct or query.group_by is not None or len(query.alias_map) > 1
    if joined or query.is_sliced:
        # PostgreSQL locks no rows of such a query, but those that it chooses.
        chosen = rows.model._base_manager.using(rows.db)  # noqa: SLF001  # Django's own way
        rows = chosen.filter(pk__in=rows.values("pk"))
    # By key, for an order of another table's would join it.
    return list(rows.order_by("pk").select_for_update().values_list("pk", flat=True))


def _tell(model: Any, instance: Any, using: str, **arguments: Any) -> None:
    """Let each hook that post_save would trigger tell of an instance."""
    for hook in hooks:
        if not isinstance(hook, ModelHook) or hook.resolve_signal() is not post_save:
            continue
        if model in hook.senders():
            hook.tell(instance=instance, using=using, **arguments)


def _parts(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]
