"""An owner sees and changes no listeners but their own, whatever they ask."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from durian.errors import InvalidListener, NotAllowed, NotFound
from durian.events import Event
from durian.match import Filter
from durian.registry import HookSpec, OpenBreaker
from durian.registry.principal import Principal
from durian.registry.replay import Replay
from durian.registry.store import Store
from durian.registry.vault import Vault
from tests.support.registry import NOW, listener, make_registry, secret


@pytest.fixture
def acme(store: Store) -> Store:
    """The registry as the owner acme has it; joe is theirs, zoe is bolt's, max nobody's."""
    store.add_listeners(
        (listener(name, owner=owner), secret())
        for name, owner in (("joe", "acme"), ("zoe", "bolt"), ("max", None))
    )
    return store.on_behalf(Principal(name="token a", owner="acme"))


def test_there_are_no_listeners_but_their_own(acme: Store) -> None:
    assert [one.id for one in acme.list_listeners()] == ["joe"]
    assert acme.count_listeners() == 1
    assert acme.get_listener("joe").owner == "acme"


def test_secrets_are_not_handed_to_owners_by_the_dozen(acme: Store) -> None:
    assert acme.secrets_of_many(["joe", "zoe", "max"], NOW) == {}


#: All that can be asked of one listener.
ACTS: list[Callable[[Store, str], object]] = [
    lambda store, name: store.get_listener(name),
    lambda store, name: store.update_listener(listener(name, owner="acme")),
    lambda store, name: store.set_enabled(name, False),
    lambda store, name: store.set_paused(name, paused=True),
    lambda store, name: store.remove_listener(name),
    lambda store, name: store.secrets_of(name, NOW),
    lambda store, name: store.rotate_secret(name, secret(), 60, NOW),
    lambda store, name: store.add_replay(Replay(id="r-1", listener_id=name), 30),
]


def test_others_cannot_be_told_from_none(acme: Store) -> None:
    version = acme.version()
    for act in ACTS:
        for name in ("zoe", "max", "nobody"):
            with pytest.raises(NotFound, match=f"No listener {name} exists"):
                act(acme, name)
    assert acme.version() == version


def test_they_add_only_what_is_theirs(acme: Store) -> None:
    acme.add_listener(listener("ann", owner="acme"), secret())
    for owner in ("bolt", None):
        with pytest.raises(InvalidListener, match="owner: must be acme"):
            acme.add_listener(listener("bob", owner=owner), secret())
        with pytest.raises(InvalidListener, match="owner: must be acme"):
            acme.update_listener(listener("joe", owner=owner))
    assert [one.id for one in acme.list_listeners()] == ["ann", "joe"]


@pytest.fixture
def tenants(registry_url: str, vault: Vault) -> Iterator[Store]:
    """The registry where events say whose they are."""
    make_registry(registry_url)
    with Store.open(registry_url, vault, owner_attribute="tenant") as opened:
        yield opened


def filed(store: Store, name: str) -> object:
    return json.loads(store.get_listener(name).filter)


def test_where_events_say_whose_they_are_owners_get_their_own_alone(tenants: Store) -> None:
    acme = tenants.on_behalf(Principal(name="token a", owner="acme"))
    acme.add_listener(listener("joe", owner="acme", filter='{"name":"Joe"}'), secret())
    wanted = Filter.parse(tenants.get_listener("joe").filter)

    def event(**extensions: str) -> Event:
        return Event(type="person", source="/s", data={"name": "Joe"}, extensions=extensions)

    assert wanted.matches(event(tenant="acme"))
    assert not wanted.matches(event(tenant="bolt"))
    assert not wanted.matches(event())


def test_what_is_nobodys_gets_everybodys_events(tenants: Store) -> None:
    tenants.add_listener(listener("max", filter='{"@tenant":"acme"}'), secret())
    tenants.add_listeners([(listener("bo"), secret()), (listener("zoe", owner="bolt"), secret())])

    assert filed(tenants, "max") == {"@tenant": "acme"}
    assert filed(tenants, "bo") == {}
    assert filed(tenants, "zoe") == {"@tenant": "bolt"}


def test_no_change_widens_what_an_owner_gets(tenants: Store) -> None:
    acme = tenants.on_behalf(Principal(name="token a", owner="acme"))
    acme.add_listener(listener("joe", owner="acme"), secret())
    widened = [
        "{}",
        '{"@tenant":"bolt"}',
        '{"@tenant":{"exists":true}}',
        '{"any-of":[{"@tenant":"bolt"},{"n":1}]}',
    ]
    for text in widened:
        acme.update_listener(acme.get_listener("joe").replace(event="#", filter=text))

        assert filed(acme, "joe") == json.loads(text) | {"@tenant": "acme"}
        others = Event(type="a", source="/s", data={"n": 1}, extensions={"tenant": "bolt"})
        assert not Filter.parse(acme.get_listener("joe").filter).matches(others)


def test_another_owner_gets_their_own(tenants: Store) -> None:
    tenants.add_listener(listener("joe", owner="acme", filter='{"n":1}'), secret())
    tenants.update_listener(tenants.get_listener("joe").replace(owner="bolt"))

    assert filed(tenants, "joe") == {"n": 1, "@tenant": "bolt"}


def test_breakers_and_replays_are_those_of_their_listeners(store: Store, acme: Store) -> None:
    for number, name in enumerate(("joe", "zoe")):
        store.open_breaker(
            OpenBreaker(
                listener_id=name, failing_since=NOW, failures=3, opened_at=NOW, next_probe_at=NOW
            )
        )
        store.add_replay(Replay(id=f"r-{number}", listener_id=name), 30)

    assert [one.listener_id for one in acme.open_breakers()] == ["joe"]
    assert [one.id for one in acme.list_replays()] == ["r-0"]
    assert acme.list_replays("zoe") == []
    with pytest.raises(NotFound):
        acme.get_replay("r-1")
    with pytest.raises(NotFound):
        acme.take_replay("r-1", "me", 30)


def test_hooks_are_read_and_not_changed(store: Store, acme: Store) -> None:
    store.put_hook(HookSpec(name="person"))

    assert [one.name for one in acme.list_hooks()] == ["person"]
    with pytest.raises(NotAllowed):
        acme.put_hook(HookSpec(name="order"))
    with pytest.raises(NotAllowed):
        acme.remove_hook("person")


def test_who_sees_everybody_may_hand_a_listener_over(store: Store, acme: Store) -> None:
    store.update_listener(store.get_listener("joe").replace(owner="bolt"))

    assert acme.list_listeners() == []
