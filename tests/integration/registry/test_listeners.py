from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from durian.errors import Conflict, InvalidListener, NotFound, RegistryError
from durian.registry.principal import Principal
from durian.registry.sql import tables
from durian.registry.store import Store
from tests.support.registry import NOW, listener, secret


def test_a_listener_comes_back_as_it_was_added(store: Store) -> None:
    joe = listener(
        url="https://joe.example:8443/a%20b?q=1",
        event="order.*",
        filter='{"name": {"startswith": "J"}}',
        enabled=False,
        queue_type="classic",
        description='ärger "quoted" \n \U0001f600',
        policy={"schedule_s": [0, 1.5], "payload": "standard", "no_retry_statuses": [404, 400]},
    )

    store.add_listener(joe, secret())

    assert store.get_listener("joe") == joe


def test_an_id_that_is_taken_is_a_conflict_and_changes_nothing(store: Store) -> None:
    store.add_listener(listener(event="first"), secret())

    with pytest.raises(Conflict, match="joe"):
        store.add_listeners([(listener("ann"), secret()), (listener(event="second"), secret())])

    assert [one.event for one in store.list_listeners()] == ["first"]
    assert store.version() == 1


def test_what_is_unknown_is_named(store: Store) -> None:
    for act in (
        lambda: store.get_listener("nobody-1"),
        lambda: store.update_listener(listener("nobody-1")),
        lambda: store.set_enabled("nobody-1", False),
        lambda: store.remove_listener("nobody-1"),
        lambda: store.secrets_of("nobody-1", NOW),
        lambda: store.rotate_secret("nobody-1", secret(), 0, NOW),
    ):
        with pytest.raises(NotFound, match="nobody-1"):
            act()
    assert store.version() == 0


def test_an_update_replaces_everything_but_the_queue_type(store: Store) -> None:
    store.add_listener(listener(), secret())
    changed = listener(url="http://new.example/", event="#", policy={"concurrency": 1})

    store.update_listener(changed)

    assert store.get_listener("joe") == changed
    with pytest.raises(InvalidListener) as caught:
        store.update_listener(changed.replace(queue_type="classic"))
    assert caught.value.field == "queue_type"
    assert store.get_listener("joe") == changed


def test_a_listener_is_disabled_and_enabled(store: Store) -> None:
    store.add_listener(listener(), secret())

    store.set_enabled("joe", False)
    assert store.get_listener("joe") == listener(enabled=False)

    store.set_enabled("joe", True)
    assert store.get_listener("joe") == listener()


def test_a_removed_listener_is_gone_with_its_secrets_and_may_come_back(store: Store) -> None:
    store.add_listener(listener(), secret())
    store.remove_listener("joe")

    assert store.list_listeners() == []
    with pytest.raises(NotFound):
        store.secrets_of("joe", NOW)

    again = secret()
    store.add_listener(listener(), again)
    assert store.secrets_of("joe", NOW) == [again]


def test_who_was_removed_is_remembered_until_they_come_back(store: Store) -> None:
    for name, owner in (("joe", "acme"), ("bo", None), ("zoe", "acme")):
        store.add_listener(listener(name, owner=owner), secret())
    acme = store.on_behalf(Principal(name="acme", owner="acme"))
    for name in ("joe", "bo"):
        store.remove_listener(name)

    assert store.removed_listeners() == ["bo", "joe"]
    assert acme.removed_listeners() == ["joe"]
    assert store.known_listeners(limit=9) == ["bo", "joe", "zoe"]
    assert store.known_listeners(after="bo", limit=1) == ["joe"]
    assert acme.known_listeners(limit=9) == ["joe", "zoe"]
    assert (store.listener_ids(), acme.listener_ids()) == (["zoe"], ["zoe"])

    store.add_listener(listener(), secret())
    assert store.removed_listeners() == ["bo"]
    assert store.known_listeners(limit=9) == ["bo", "joe", "zoe"]
    assert acme.known_listeners(limit=9) == ["zoe"]  # joe is somebody else's now
    assert sorted(store.listener_ids()) == ["joe", "zoe"]
    assert acme.listener_ids() == ["zoe"]


def test_listeners_are_listed_in_pages_by_id(store: Store) -> None:
    # Many a database's collation skips hyphens: "ab" would come before "a-z".
    ids = ["a-z", "a0", "ab", "b", "b-1", "b1"]
    store.add_listeners((listener(one), secret()) for one in reversed(ids))

    first = store.list_listeners(limit=4)
    rest = store.list_listeners(after=first[-1].id, limit=4)

    assert [one.id for one in first] == sorted(ids)[:4]
    assert [one.id for one in rest] == sorted(ids)[4:]
    assert store.count_listeners() == 6


def test_listeners_are_listed_by_event_and_by_whether_they_are_enabled(store: Store) -> None:
    store.add_listeners(
        [
            (listener("a", event="person"), secret()),
            (listener("b", event="person", enabled=False), secret()),
            (listener("c", event="person.*"), secret()),
        ]
    )

    def ids(event: str | None = None, *, enabled: bool | None = None) -> list[str]:
        return [one.id for one in store.list_listeners(event, enabled=enabled)]

    assert ids("person") == ["a", "b"]
    assert ids("person", enabled=True) == ["a"]
    assert ids(enabled=False) == ["b"]
    assert ids("nothing") == []


def test_more_than_a_chunk_is_added(store: Store) -> None:
    store.add_listeners((listener(f"n{number}"), secret()) for number in range(2500))

    assert store.count_listeners() == 2500
    assert store.version() == 3
    assert all(re.match(r"n\d+", one.id) for one in store.list_listeners(limit=10))


def overwrite_policy(store: Store, text: str) -> None:
    with store._database.locked() as connection:
        connection.execute(sa.update(tables.listeners).values(policy=text))


def test_a_policy_field_of_a_newer_version_is_left_out(store: Store) -> None:
    """Both versions may run beside each other while a deployment is under way."""
    store.add_listener(listener(), secret())
    overwrite_policy(store, '{"concurrency": 3, "from_the_future": 1}')

    assert store.get_listener("joe") == listener(policy={"concurrency": 3})


@pytest.mark.parametrize("text", ["", "{", '{"concurrency": "many"}'])
def test_a_policy_that_somebody_broke_names_its_listener(store: Store, text: str) -> None:
    store.add_listener(listener(), secret())
    overwrite_policy(store, text)

    with pytest.raises(RegistryError, match="joe"):
        store.get_listener("joe")


@pytest.mark.parametrize(
    ("text", "ordered"),
    [
        ("", False),
        ("[]", False),
        ("null", False),
        ('{"concurrency": "many"}', False),
        ('{"concurrency": "many", "ordered": true}', True),
    ],
)
def test_a_policy_that_somebody_broke_keeps_nobody_from_following(
    store: Store, text: str, *, ordered: bool
) -> None:
    store.add_listener(listener("joe", event="order.*"), secret())
    overwrite_policy(store, text)
    store.add_listener(listener("ann"), secret())

    changes = store.changes(0)

    assert changes.unreadable == ["joe"]
    assert changes.listeners == [
        listener("joe", event="order.*", policy={"ordered": ordered}),
        listener("ann"),
    ]
    [page] = store.stream(0)
    assert page == changes


def test_a_search_finds_a_text_in_id_url_or_description_in_capitals_or_not(store: Store) -> None:
    store.add_listeners(
        [
            (listener("ann"), secret()),
            (listener("bo", url="https://bo.example/Orders_100%"), secret()),
            (listener("cy", description="Größe und ÄRGER"), secret()),
        ]
    )
    found = {
        text: [entry.listener.id for entry in store.list_entries(search=text)]
        for text in ("ANN", "orders_100%", "o_d", "äRGER", "example", "nobody", "")
    }
    assert found == {
        "ANN": ["ann"],
        "orders_100%": ["bo"],
        "o_d": [],
        "äRGER": ["cy"],
        "example": ["ann", "bo", "cy"],
        "nobody": [],
        "": ["ann", "bo", "cy"],
    }


def test_a_search_finds_a_listener_as_it_was_changed(store: Store) -> None:
    store.add_listener(listener(description="old"), secret())
    store.update_listener(listener(description="new"))
    store.set_enabled("joe", False)

    assert store.list_entries(search="old") == []
    assert [entry.listener.id for entry in store.list_entries(search="NEW")] == ["joe"]
