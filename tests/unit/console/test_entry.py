"""Errors become one sentence and an exit code."""

from __future__ import annotations

import signal
import socket
import threading
from http.client import BadStatusLine, RemoteDisconnected
from importlib.metadata import version

import pytest

from durian.client.unreached import why
from durian.console import entry, exits
from durian.console.near import near
from durian.console.stop import stop_signals
from durian.errors import (
    BrokerRefused,
    BrokerUnavailable,
    DurianError,
    InvalidEvent,
    MissingExtra,
    NotFound,
    RegistryUnavailable,
)


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    def command_line(_arguments: list[str]) -> int:
        raise error

    monkeypatch.delenv("DURIAN_DEBUG", raising=False)
    monkeypatch.setattr(entry, "_command_line", command_line)
    return entry.run([])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidEvent("type", "is missing"), 2),
        (MissingExtra("console", "typer"), 2),
        (BrokerUnavailable(), 3),
        (RegistryUnavailable(), 3),
        (BrokerRefused(), 1),
        (NotFound(), 1),
        (RuntimeError("surprise"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_every_error_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    assert fail_with(monkeypatch, error) == code


@pytest.mark.parametrize(
    ("typed", "usage"),
    [
        ("", "durian [OPTIONS]"),
        ("help", "durian [OPTIONS]"),
        ("help listeners add", "durian listeners add"),
        ("listeners", "durian listeners"),
        ("unrouted", "durian unrouted"),
    ],
)
def test_where_only_help_can_be_meant_it_is_shown(
    typed: str, usage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.run(typed.split()) == exits.OK
    assert f"Usage: {usage}" in capsys.readouterr().out


def test_a_command_of_which_others_are_part_is_run_by_its_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert entry.run(["replay"]) == exits.USAGE
    assert "--listener: is missing" in capsys.readouterr().err


def test_an_error_is_a_sentence_and_a_hint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(monkeypatch, DurianError("It broke\x1b[31m.", hint="Mend it."))
    assert capsys.readouterr().err == "error: It broke\\x1b[31m.\nhint: Mend it.\n"


def test_a_missing_module_names_the_extra_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = ModuleNotFoundError("No module named 'pika'", name="pika.adapters")
    assert fail_with(monkeypatch, missing) == exits.USAGE
    assert 'pip install "durian[router]"' in capsys.readouterr().err


def test_a_module_of_nobody_is_told_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = ModuleNotFoundError("No module named 'spam'", name="spam")
    assert fail_with(monkeypatch, missing) == exits.FAILED
    assert "ModuleNotFoundError: No module named 'spam'" in capsys.readouterr().err


def test_debugging_keeps_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def command_line(_arguments: list[str]) -> int:
        raise DurianError

    monkeypatch.setenv("DURIAN_DEBUG", "1")
    monkeypatch.setattr(entry, "_command_line", command_line)
    with pytest.raises(DurianError):
        entry.run([])


@pytest.mark.parametrize("arguments", [["nonsense"], ["listen", "--port", "x"], ["listen", "-z"]])
def test_wrong_usage_is_one_sentence(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.run(arguments) == exits.USAGE
    first, hint = capsys.readouterr().err.splitlines()
    assert first.startswith("error: ")
    assert hint == "hint: Add --help to see what can be given."


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["listen", "--port", "x"], "--port: must be a whole number"),
        (["deliveries", "list", "--limit", "0"], "--limit: must be at least 1"),
        (["dead", "replay", "joe", "--rate", "fast"], "--rate: must be a number"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_option(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.run(arguments) == exits.USAGE
    assert capsys.readouterr().err.splitlines()[0] == f"error: {said}"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "nothing listens there"),
        (socket.gaierror(-2, "Name or service not known"), "there is no such host"),
        (TimeoutError("timed out"), "no answer came in time"),
        (RemoteDisconnected("x"), "the connection was closed"),
        (BadStatusLine("x"), "what answers there speaks no HTTP"),
        (OSError(101, "Network is unreachable"), "Network is unreachable"),
        (OSError("odd"), "odd"),
    ],
)
def test_why_nobody_was_reached_is_told_in_words(error: OSError, said: str) -> None:
    assert why(error) == said


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("jo", ["joe", "joe-example-k3f9qa", "joseph"]),
        ("jeo", ["joe"]),
        ("joe-example-k3f9qb", ["joe-example-k3f9qa"]),
        ("nobody", []),
    ],
)
def test_near_matches_begin_alike_or_look_alike(typed: str, meant: list[str]) -> None:
    assert near(typed, ["zoe-9", "joseph", "joe", "joe-example-k3f9qa"])[: len(meant)] == meant


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.run([]) == exits.OK
    assert "Usage: durian" in capsys.readouterr().out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_sets_the_event_and_the_old_handlers_come_back(number: int) -> None:
    before = signal.getsignal(number)
    with stop_signals() as stop:
        assert isinstance(stop, threading.Event)
        assert not stop.is_set()
        signal.raise_signal(number)
        assert stop.is_set()
    assert signal.getsignal(number) is before


def test_a_second_ctrl_c_interrupts_at_once() -> None:
    with stop_signals():
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.run(["--version"]) == exits.OK
    assert capsys.readouterr().out == f"durian {version('durian')}\n"
