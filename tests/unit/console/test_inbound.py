"""Webhooks of other systems come in by HTTP: verified, published, confirmed, and only then 202."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from durian.console import exits, inbound
from durian.console.api import problem
from durian.console.inbound import KnownSources, known, webhooks
from durian.console.inbound.known import FRESH_S
from durian.errors import BrokerUnavailable, NotFound, RegistryUnavailable
from durian.events import CAPS, Event
from durian.registry.source import Source, SourceSecret
from durian.registry.store import Store
from durian.registry.vault import Vault
from tests.support.asking import Answer, served
from tests.support.commands import CommandLine

SECRET = "a-secret-of-sixteen-or-more"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/durian.db", Vault([b"k" * 32])) as store:
        source = Source(id="github", scheme="github", event="github", created_at=0.0)
        store.add_source(source, SourceSecret(value=SECRET))
        yield store


class Publishing:
    """Takes events, or fails."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.away = False

    async def __call__(self, events: Sequence[Event]) -> None:
        if self.away:
            raise BrokerUnavailable
        self.events += events


def ask(store: Store, publish: Publishing, path: str, body: bytes, secret: str = SECRET) -> Answer:
    route = inbound.route(publish, KnownSources(lambda: store))
    with served(Starlette(routes=[route], exception_handlers=problem.HANDLERS)) as application:
        return application.post(path, body, delivery(body, secret))


def delivery(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "x-github-event": "push",
        "x-github-delivery": "1-2-3",
        "x-hub-signature-256": f"sha256={hmac.digest(secret.encode(), body, 'sha256').hex()}",
    }


def test_a_verified_webhook_is_published_and_confirmed(store: Store) -> None:
    publish, body = Publishing(), b'{"ref":  "main"}'
    answer = ask(store, publish, "/in/github", body)
    assert answer.status == 202
    assert answer.body == {"ids": ["1-2-3"]}
    assert [event.body for event in publish.events] == [body]


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        (("/in/github", b"{}", "another-secret"), 401, "No signature"),
        (("/in/gitlab", b"{}"), 404, "No source gitlab"),
        (("/in/github", b"{"), 422, "not valid JSON"),
        (("/in/github", b" " * (CAPS.data_bytes + 1)), 413, "larger than"),
    ],
)
def test_what_is_not_right_is_refused(
    store: Store, given: tuple[Any, ...], status: int, words: str
) -> None:
    publish = Publishing()
    answer = ask(store, publish, *given)
    assert answer.status == status
    assert words in answer.body["detail"]
    assert publish.events == []


def test_when_the_broker_is_away_the_sender_is_asked_to_come_again(store: Store) -> None:
    publish, body = Publishing(), b"{}"
    publish.away = True
    answer = ask(store, publish, "/in/github", body)
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0


class Registry:
    """The part of a store that sources are asked of; counts, and goes away when told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.names = {"github"}
        self.away = False

    def get_source(self, name: str) -> Source:
        self.asked.append(name)
        if self.away:
            raise RegistryUnavailable
        if name not in self.names:
            raise NotFound
        return Source(id=name, scheme="github", event=name, created_at=0.0)

    def source_secrets(self, _name: str) -> list[str]:
        return [SECRET]


def test_the_registry_is_asked_now_and_then_and_may_be_away() -> None:
    registry: Any = Registry()
    now = 0.0
    sources = KnownSources(lambda: registry, lambda: now)
    assert sources.find("github").secrets == (SECRET,)
    sources.find("github")
    for _ in range(2):
        with pytest.raises(NotFound):
            sources.find("gitlab")
    assert registry.asked == ["github", "gitlab"]
    registry.away = True
    now = FRESH_S
    assert sources.find("github").secrets == (SECRET,)
    assert registry.asked == ["github", "gitlab", "github"]
    with pytest.raises(RegistryUnavailable):
        sources.find("bitbucket")


def test_names_that_somebody_makes_up_push_no_source_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(known, "MOST_ABSENT", 2)
    registry: Any = Registry()
    sources = KnownSources(lambda: registry, lambda: 0.0)
    sources.find("github")
    for name in ("a", "b", "c", "a"):
        with pytest.raises(NotFound):
            sources.find(name)
    sources.find("github")
    assert registry.asked == ["github", "a", "b", "c", "a"]


def test_a_source_that_was_removed_is_gone_and_one_that_was_added_is_there() -> None:
    registry: Any = Registry()
    now = 0.0
    sources = KnownSources(lambda: registry, lambda: now)
    sources.find("github")
    registry.names = {"gitlab"}
    now = FRESH_S
    with pytest.raises(NotFound):
        sources.find("github")
    assert sources.find("gitlab").source.id == "gitlab"


def test_when_too_much_is_in_hand_the_next_is_asked_to_come_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST_REQUESTS", 0)
    answer = ask(store, Publishing(), "/in/github", b"{}")
    assert answer.status == 503
    assert "retry-after" in answer.headers


def test_a_source_from_its_first_day_to_its_last(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (added,) = run.json("sources", "add", "shop-hub", "--scheme", "github", "--event", "github")
    assert (added["path"], added["event"]) == ("/in/shop-hub", "github")
    assert added["secret"].startswith("whsec_")
    (listed,) = run.json("sources", "list")
    assert listed["id"] == "shop-hub"
    assert "github.#" in run("sources", "list")
    (rotated,) = run.json("sources", "rotate", "shop-hub")
    assert rotated["secret"] != added["secret"]
    monkeypatch.setenv("DURIAN_SOURCE_SECRET", SECRET)
    assert SECRET not in run("sources", "rotate", "shop-hub", "--overlap", "0s")
    assert SECRET not in json.dumps(run.json("sources", "list"))
    run("sources", "remove", "shop-hub")
    assert run.json("sources", "list") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "x", "--scheme", "svix"), "--scheme: 'svix' is none of standard, github, stripe"),
        (("add", "x", "--scheme", "stripe"), "secret: is missing"),
        (("add", "x", "--scheme", "github", "--secret", "short"), "secret: needs at least 16"),
        (("add", "X Y", "--scheme", "github"), "id: 'X Y' cannot be part of a URL"),
        (("rotate", "x", "--overlap", "soon"), "--overlap: 'soon' is no duration"),
    ],
)
def test_a_source_that_cannot_be_made_says_why(
    run: CommandLine, arguments: tuple[str, ...], words: str
) -> None:
    assert words in run("sources", *arguments, code=exits.USAGE)
