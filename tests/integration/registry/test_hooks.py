from __future__ import annotations

import pytest
import sqlalchemy as sa

from durian.errors import InvalidHook, NotFound
from durian.registry import HookSpec
from durian.registry.sql import tables
from durian.registry.store import Store

PERSON = HookSpec(
    name="person",
    schema={"type": "object", "properties": {"name": {"type": "string"}}},
    description="A person was saved.",
    example={"name": "Joe"},
)


def test_a_hook_comes_back_as_it_was_put(store: Store) -> None:
    store.put_hook(PERSON)
    assert store.get_hook("person") == PERSON


def test_a_hook_is_replaced(store: Store) -> None:
    store.put_hook(PERSON)
    bare = HookSpec(name="person")
    store.put_hook(bare)

    assert store.get_hook("person") == bare
    assert store.list_hooks() == [bare]


def test_a_hook_with_a_bad_schema_is_not_stored(store: Store) -> None:
    with pytest.raises(InvalidHook) as caught:
        store.put_hook(HookSpec(name="person", schema={"properties": {"name": {"type": "text"}}}))

    assert caught.value.field == "schema.properties.name.type"
    assert store.list_hooks() == []


def test_a_hook_is_removed(store: Store) -> None:
    store.put_hook(PERSON)
    store.remove_hook("person")

    for act in (store.get_hook, store.remove_hook):
        with pytest.raises(NotFound, match="person"):
            act("person")
    store.put_hook(PERSON)
    assert store.changes(0).removed_hooks == []


def test_hooks_are_listed_in_pages_by_name(store: Store) -> None:
    names = ["Order.paid", "order.paid", "order-x", "person"]
    for name in names:
        store.put_hook(HookSpec(name=name))

    first = store.list_hooks(limit=3)

    assert [spec.name for spec in first] == sorted(names)[:3]
    assert [spec.name for spec in store.list_hooks(after=first[-1].name)] == sorted(names)[3:]


def test_a_hook_that_somebody_broke_keeps_nobody_from_following(store: Store) -> None:
    store.put_hook(PERSON)
    with store._database.locked() as connection:
        connection.execute(sa.update(tables.hooks).values(schema="{"))
    store.put_hook(HookSpec(name="order"))

    assert [spec.name for spec in store.changes(0).hooks] == ["order"]
