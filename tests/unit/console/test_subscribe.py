"""A listener is there for as long as its endpoint listens."""

from __future__ import annotations

import pytest

from durian.console.endpoint.subscribe import nobody, secrets_for, subscriber
from durian.console.settings import load
from durian.errors import InvalidInput
from tests.support.commands import CommandLine

HERE = "http://127.0.0.1:9000"


def test_a_listener_is_added_and_removed(run: CommandLine) -> None:
    secrets = secrets_for("order.*", ())
    subscribe = subscriber(load(), "order.*", ["total>=100"], None, secrets)
    with subscribe(HERE) as listener:
        (told,) = run.json("listeners", "list")
        assert (told["id"], told["url"], told["event"]) == (listener, HERE, "order.*")
        assert told["filter"] == {"total": {"gte": 100}}
    assert run.json("listeners", "list") == []


def test_it_is_removed_when_something_fails(run: CommandLine) -> None:
    subscribe = subscriber(load(), "#", [], "https://tunnel.example", secrets_for("#", ()))

    def fail() -> None:
        with subscribe(HERE):
            assert run.json("listeners", "list")[0]["url"] == "https://tunnel.example"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert run.json("listeners", "list") == []


def test_a_secret_of_ones_own_is_the_listeners() -> None:
    given = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",)
    assert secrets_for("#", given) == given
    assert secrets_for(None, ()) == ()
    assert secrets_for("#", ()) != secrets_for("#", ())


@pytest.mark.parametrize(
    ("conditions", "url", "option"), [(["a=1"], None, "--match"), ([], HERE, "--url")]
)
def test_what_only_a_listener_has_needs_one(
    conditions: list[str], url: str | None, option: str
) -> None:
    with pytest.raises(InvalidInput, match=f"{option}: needs --event"):
        subscriber(load(), None, conditions, url, ())
    assert subscriber(load(), None, [], None, ()) is nobody
