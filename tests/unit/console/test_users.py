"""`durian users`, and the passwords behind it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from durian.console import exits, passwords
from durian.registry.store import Store
from tests.support.commands import CommandLine

GOOD = "a sentence is easy"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes by the pipe."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{GOOD}\nanother sentence of mine\n"))


@pytest.mark.usefixtures("typed")
def test_a_user_is_added_with_a_password_and_removed(run: CommandLine, tmp_path: Path) -> None:
    run("users", "add", "ann")
    run("users", "add", "bob", "--owner", "acme")

    ann, bob = run.json("users", "list")
    assert (ann["name"], ann["scopes"], ann["owner"]) == ("ann", ["admin"], None)
    assert (bob["name"], bob["scopes"], bob["owner"]) == ("bob", ["manage", "replay"], "acme")
    with Store.open(f"sqlite:///{tmp_path}/durian.db") as store:
        kept = store.find_user("ann")[1]
    assert passwords.fits(GOOD, kept)
    assert GOOD not in kept

    run("users", "remove", "ann")
    assert [one["name"] for one in run.json("users", "list")] == ["bob"]
    assert "acme" in run("users", "list")


@pytest.mark.usefixtures("typed")
def test_a_new_password_takes_the_place_of_the_old_one(run: CommandLine, tmp_path: Path) -> None:
    run("users", "add", "ann", "--scope", "read")
    run("users", "passwd", "ann")

    with Store.open(f"sqlite:///{tmp_path}/durian.db") as store:
        kept = store.find_user("ann")[1]
    assert passwords.fits("another sentence of mine", kept)
    assert not passwords.fits(GOOD, kept)


def test_a_short_password_is_refused(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("too short\n"))

    assert "15 to 1024" in run("users", "add", "ann", code=exits.USAGE)
    assert run.json("users", "list") == []


def test_a_password_is_typed_twice(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter((GOOD, "something else"))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(typed))

    assert "both times" in run("users", "add", "ann", code=exits.USAGE)


@pytest.mark.usefixtures("typed")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "an n"), "name: must be"),
        (("add", "ann", "--scope", "write"), "'write' is none of"),
        (("add", "ann", "--owner", "acme", "--scope", "admin"), "cannot have the scope admin"),
    ],
)
def test_a_user_that_cannot_be_is_refused(
    run: CommandLine, arguments: tuple[str, ...], words: str
) -> None:
    assert words in run("users", *arguments, code=exits.USAGE)


@pytest.mark.usefixtures("typed")
def test_who_is_not_there_is_not_changed(run: CommandLine) -> None:
    assert "No user ann" in run("users", "passwd", "ann", code=exits.FAILED)
    assert "No user ann" in run("users", "remove", "ann", code=exits.FAILED)


def test_nobody_fits_no_password() -> None:
    assert not passwords.fits("nobody has this password", "")
    assert not passwords.fits(GOOD, "no hash at all")
    assert not passwords.fits("x" * 100_000, passwords.hashed(GOOD))
